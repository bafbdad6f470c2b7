"""Who is traced, what it is called, and what is carried on."""

import pytest
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Decision, ParentBased
from opentelemetry.trace import SpanKind

from meshop_gateway.headers import RequestHead
from meshop_gateway.settings import GatewaySettings
from meshop_gateway.tracing import RequestTracer
from meshop_shared import tracing
from meshop_shared.errors import Conflict, envelope
from meshop_shared.settings import ServiceSettings
from meshop_shared.web import create_app

pytestmark = pytest.mark.unit

LOW, HIGH = "a" * 16 + "0" * 15 + "1", "a" * 16 + "f" * 16
CALLER = "b" * 16


@pytest.fixture
def spans(monkeypatch):
    """What is recorded, by a provider for this test alone."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=ParentBased(root=tracing.EntrySampler(1.0)))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("meshop")
    monkeypatch.setattr(tracing, "TRACER", tracer)
    monkeypatch.setattr("meshop_gateway.tracing.TRACER", tracer)
    return exporter.get_finished_spans


def parent(trace_id=LOW, flag="01"):
    return f"00-{trace_id}-{CALLER}-{flag}"


@pytest.mark.parametrize(
    ("share", "trace_id", "kind", "expected"),
    [
        (0.5, LOW, SpanKind.SERVER, Decision.RECORD_AND_SAMPLE),
        (0.5, HIGH, SpanKind.SERVER, Decision.DROP),
        (1.0, HIGH, SpanKind.SERVER, Decision.RECORD_AND_SAMPLE),
        (0.0, LOW, SpanKind.SERVER, Decision.DROP),
        (1.0, LOW, SpanKind.CLIENT, Decision.DROP),
        (1.0, LOW, SpanKind.PRODUCER, Decision.RECORD_AND_SAMPLE),
    ],
)
def test_a_share_of_what_comes_in_is_traced_and_nothing_that_a_program_asks_by_itself(
    share, trace_id, kind, expected
):
    sampler = tracing.EntrySampler(share)
    assert sampler.should_sample(None, int(trace_id, 16), "x", kind=kind).decision is expected


def test_without_a_receiver_nothing_starts_and_the_callers_trace_goes_on():
    assert tracing.tracing_start(service="x", settings=ServiceSettings()) is False
    with tracing.server_span(method="GET", traceparent=parent()) as span:
        assert not span.is_recording()
        assert tracing.trace_id_current() == LOW
        assert tracing.trace_id_recorded() == ""
        assert tracing.traceparent_current() == parent()
    assert tracing.trace_id_current() == ""


@pytest.mark.parametrize("given", [None, "", "nonsense", "00-" + "0" * 32 + f"-{CALLER}-01"])
def test_what_is_no_traceparent_is_no_trace(given):
    with tracing.server_span(method="GET", traceparent=given):
        assert tracing.traceparent_current() == ""


def test_a_request_is_a_span_named_by_its_template(spans):
    with tracing.server_span(method="GET", traceparent=parent()) as span:
        tracing.server_span_end(span, method="GET", route="/api/x/<id>", status=503, request_id="r")
    (ended,) = spans()
    assert ended.name == "GET /api/x/<id>"
    assert ended.kind is SpanKind.SERVER
    assert ended.attributes["http.response.status_code"] == 503
    assert not ended.status.is_ok
    assert trace.format_span_id(ended.parent.span_id) == CALLER


def test_invented_methods_give_no_names(spans):
    with tracing.server_span(method="HACK1", traceparent=None) as span:
        tracing.server_span_end(span, method="HACK1", route="unmatched", status=405, request_id="r")
    assert spans()[0].name == "other unmatched"


def test_an_event_is_handled_in_the_trace_of_its_cause(spans):
    headers = {"traceparent": parent()}
    with tracing.message_span("consume x", kind=SpanKind.CONSUMER, headers=headers):
        pass
    (ended,) = spans()
    assert trace.format_trace_id(ended.context.trace_id) == LOW
    assert trace.format_span_id(ended.parent.span_id) == CALLER


def test_a_task_that_handles_an_event_is_its_parent_and_the_cause_is_linked(spans):
    headers = {"traceparent": parent()}
    with (
        tracing.TRACER.start_as_current_span("task", context=Context()) as task,
        tracing.message_span("consume", kind=SpanKind.CONSUMER, headers=headers),
    ):
        pass
    consumed = spans()[0]
    assert consumed.parent.span_id == task.get_span_context().span_id
    assert [trace.format_trace_id(link.context.trace_id) for link in consumed.links] == [LOW]


def test_a_share_outside_of_0_to_1_and_a_bad_address_are_refused(monkeypatch):
    for name, value in [
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "no pair"),
    ]:
        monkeypatch.setenv(name, value)
        with pytest.raises(ValueError, match=name.lower()):
            ServiceSettings()
        monkeypatch.delenv(name)


def test_header_fields_for_the_receiver_are_read(monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer x=y, tenant=z")
    assert ServiceSettings().otel_headers == {"authorization": "Bearer x=y", "tenant": "z"}


def gateway(share, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", str(share))
    return RequestTracer(GatewaySettings())


def head(traceparent=None):
    return RequestHead([(b"traceparent", traceparent.encode())] if traceparent else [])


@pytest.mark.parametrize(
    ("share", "trace_id", "flag", "traced"),
    [
        (0.5, LOW, "00", True),
        (0.5, LOW, "01", True),
        (0.5, HIGH, "01", False),
        (1.0, HIGH, "00", True),
        (0, LOW, "01", False),
    ],
)
def test_the_gateway_decides_by_the_id_alone(spans, monkeypatch, share, trace_id, flag, traced):
    tracer, request = gateway(share, monkeypatch), head(parent(trace_id, flag))
    span = tracer.begin(route="/api/x", head=request)
    assert (span is not None) is traced
    assert request.trace_id.decode() == trace_id
    assert request.traceparent.endswith(b"-01" if traced else b"-00")
    assert request.lines == [b"traceparent: %b\r\n" % request.traceparent]
    if span:
        tracer.end(span, method="GET", route="/api/x", status=200, head=request, note="forwarded")
        (ended,) = spans()
        assert trace.format_span_id(ended.parent.span_id) == CALLER
        assert request.traceparent[36:52].decode() == trace.format_span_id(ended.context.span_id)


def test_a_trace_that_begins_at_the_gateway_has_no_parent(spans, monkeypatch):
    tracer, request = gateway(1, monkeypatch), head()
    span = tracer.begin(route="/api/x", head=request)
    tracer.end(span, method="GET", route="/api/x", status=200, head=request, note="forwarded")
    (ended,) = spans()
    assert ended.parent is None
    assert request.trace_id.decode() == trace.format_trace_id(ended.context.trace_id)


def test_without_a_receiver_the_gateway_touches_no_header():
    request = head(parent())
    assert RequestTracer(GatewaySettings()).begin(route="/api/x", head=request) is None
    assert request.traceparent == parent().encode()


def test_an_error_names_its_trace_only_if_it_can_be_looked_up(spans):
    assert envelope(code="x", message="y")["extra"] == {}
    app = create_app(service="test")

    @app.get("/fails")
    async def fails() -> None:
        raise Conflict()

    @app.get("/crashes")
    async def crashes() -> None:
        raise RuntimeError

    client = TestClient(app, raise_server_exceptions=False)
    for path in ("/fails", "/crashes", "/nowhere"):
        traced = client.get(path, headers={"traceparent": parent()}).json()
        assert traced["extra"] == {"trace_id": LOW}, path
        assert client.get(path, headers={"traceparent": parent(flag="00")}).json()["extra"] == {}, path
    assert {span.name for span in spans()} == {"GET /fails", "GET /crashes", "GET unmatched"}
    client.get("/healthz", headers={"traceparent": parent()})
    assert len(spans()) == 3


def test_no_more_traces_begin_than_a_second_may_have(spans, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "1")
    monkeypatch.setenv("TRACES_PER_S", "10")
    now = [100.0]
    tracer = RequestTracer(GatewaySettings(), clock=lambda: now[0])

    def begun(times):
        heads = [head() for _ in range(times)]
        return sum(tracer.begin(route="/api/x", head=request) is not None for request in heads)

    assert begun(25) == 10
    now[0] += 0.5
    assert begun(25) == 5
    now[0] += 60
    assert begun(25) == 10


@pytest.mark.parametrize("flag", ["00", "01"])
def test_where_nothing_is_recorded_libraries_do_nothing(spans, flag):
    recorded = flag == "01"
    with tracing.server_span(method="GET", traceparent=parent(flag=flag)):
        assert is_instrumentation_enabled() is recorded
        with tracing.message_span("x", kind=SpanKind.CONSUMER, headers={}):
            assert is_instrumentation_enabled() is recorded
    assert is_instrumentation_enabled()

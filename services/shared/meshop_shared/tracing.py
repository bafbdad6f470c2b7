"""Traces (OpenTelemetry): started by the programs that have an address to send them to, carried on by all.

The code speaks to OpenTelemetry's interface only. Without ``OTEL_EXPORTER_OTLP_ENDPOINT`` there is no implementation
behind it: nothing is recorded or sent, yet the caller's ``traceparent`` (W3C Trace Context) goes on to whatever is
called, is kept with events, and its trace id stands in logs and in the timeline of orders.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from importlib.metadata import entry_points

from opentelemetry import trace
from opentelemetry.context import (
    _SUPPRESS_INSTRUMENTATION_KEY,
    Context,
    attach,
    detach,
    get_current,
    set_value,
)
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes

from meshop_shared.metrics import method_label
from meshop_shared.settings import ServiceSettings

TRACER = trace.get_tracer("meshop")
#: Spans wait this long at most before they are sent, and a receiver may take this long to answer.
_EVERY_MS, _TIMEOUT_S = 1000, 5.0
#: What waits is bounded: with the receiver away, spans are dropped and no request waits for it.
_MOST_WAITING, _MOST_AT_ONCE = 4096, 512
_FIELD = TraceContextTextMapPropagator()
_LIMITS = SpanLimits(max_span_attributes=64, max_events=32, max_links=32)


class EntrySampler(Sampler):
    """Takes a share of what comes in from outside. What a program asks others of its own accord begins no trace:
    a relay that looks for work every second would fill the store with it.
    """

    def __init__(self, share: float) -> None:
        self._share = TraceIdRatioBased(share)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """The same answer for the same trace id, in every program."""
        if kind is SpanKind.CLIENT:
            return SamplingResult(Decision.DROP)
        return self._share.should_sample(
            parent_context, trace_id, name, kind=kind, attributes=attributes, links=links
        )

    def get_description(self) -> str:
        """For people."""
        return f"EntrySampler{{{self._share.get_description()}}}"


def tracing_start(
    *,
    service: str,
    settings: ServiceSettings,
    libraries: Sequence[str] = (),
    decides: bool = True,
) -> bool:
    """Begin to record and send spans, if the settings say where to; whether they do. Once a process, after forks.

    ``libraries`` are instrumented by OpenTelemetry's own packages, by their names there (``psycopg``, ``redis``).
    Without ``decides``, every span that is begun is recorded: the caller has sampled.
    """
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint is None:
        return False
    share = ParentBased(root=EntrySampler(settings.otel_traces_sampler_arg)) if decides else ALWAYS_ON
    provider = TracerProvider(
        resource=Resource.create({"service.name": service, "service.namespace": "meshop"}),
        sampler=share,
        span_limits=_LIMITS,
    )
    exporter = OTLPSpanExporter(
        endpoint=f"{endpoint.rstrip('/')}/v1/traces",
        headers=settings.otel_headers,
        timeout=_TIMEOUT_S,
    )
    provider.add_span_processor(
        BatchSpanProcessor(
            exporter,
            max_queue_size=_MOST_WAITING,
            max_export_batch_size=_MOST_AT_ONCE,
            schedule_delay_millis=_EVERY_MS,
        )
    )
    trace.set_tracer_provider(provider)
    for name in libraries:
        (found,) = entry_points(group="opentelemetry_instrumentor", name=name)
        found.load()().instrument()
    return True


def tracing_stop() -> None:
    """Send what waits and record no more."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider):
        provider.shutdown()


def trace_id_current() -> str:
    """The trace that the present work belongs to, recorded or not, as 32 hexadecimal digits; empty without one."""
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


def trace_id_recorded() -> str:
    """The same, but only of a trace that can be looked up."""
    return trace_id_current() if trace.get_current_span().is_recording() else ""


def traceparent_current() -> str:
    """The ``traceparent`` to hand on; empty without a trace."""
    carrier: dict[str, str] = {}
    traceparent_put(carrier)
    return carrier.get("traceparent", "")


def traceparent_put(carrier: MutableMapping[str, str]) -> None:
    """Write the present trace into the header fields of a call or a message."""
    _FIELD.inject(carrier)


@contextmanager
def server_span(*, method: str, traceparent: str | None) -> Iterator[Span]:
    """The span of a request that came in, current until its answer is made; name it with :func:`server_span_end`."""
    context = _context(traceparent)
    span = TRACER.start_span(method, context=context, kind=SpanKind.SERVER)
    token = attach(_quiet(span, trace.set_span_in_context(span, context)))
    try:
        yield span
    finally:
        detach(token)
        span.end()


def server_span_end(span: Span, *, method: str, route: str, status: int, request_id: str) -> None:
    """Say what a request was and how it was answered. ``route`` is a template: names of spans stay few."""
    if not span.is_recording():
        return
    span.update_name(f"{method_label(method)} {route}")
    span.set_attributes(
        {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
            "meshop.request_id": request_id,
        }
    )
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR))


@contextmanager
def message_span(name: str, *, kind: SpanKind, headers: MutableMapping[str, str]) -> Iterator[Span]:
    """The span of something done with an event: a child of what is at work, and linked to what has caused the event.

    Where nothing is at work, the cause is the parent, so that one trace leads from a request to all it set off.
    """
    cause = _context(headers.get("traceparent"))
    caused_by = trace.get_current_span(cause).get_span_context()
    if trace.get_current_span().get_span_context().is_valid:
        context, links = None, [Link(caused_by)] if caused_by.is_valid else []
    else:
        context, links = cause, []
    with TRACER.start_as_current_span(name, context=context, kind=kind, links=links) as span:
        token = attach(_quiet(span, get_current()))
        try:
            yield span
        finally:
            detach(token)


def _quiet(span: Span, context: Context) -> Context:
    """Let OpenTelemetry's packages do nothing at all where nothing is recorded: they cost a fifth of a request."""
    return context if span.is_recording() else set_value(_SUPPRESS_INSTRUMENTATION_KEY, True, context)


def _context(traceparent: str | None) -> Context:
    return _FIELD.extract({"traceparent": traceparent} if traceparent else {}, context=Context())

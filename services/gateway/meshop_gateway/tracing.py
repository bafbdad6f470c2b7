"""Which requests are traced, and the first span of those that are.

The gateway is where traces begin or come in from outside, so it decides for everybody behind it: a caller may name
the trace that its request belongs to, but whether that is recorded depends on the id alone, so that nobody can fill
the store of traces by asking. What is not recorded costs one comparison.
"""

import time
from collections.abc import Callable

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)

from meshop_gateway.headers import RequestHead
from meshop_gateway.settings import GatewaySettings
from meshop_shared.tracing import TRACER, server_span_end

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class RequestTracer:
    """Begins and ends the gateway's span of each request that is traced."""

    def __init__(self, settings: GatewaySettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._on = settings.otel_exporter_otlp_endpoint is not None
        # As OpenTelemetry's TraceIdRatioBased: the lower half of the id against a share of its range, here as text.
        share = round(settings.otel_traces_sampler_arg * 2**64)
        self._below = b"g" if share >= 2**64 else b"%016x" % share
        # A span costs as much as a cached answer: beyond some a second they would cost the shop and teach nobody.
        self._clock, self._rate = clock, settings.traces_per_s
        self._left, self._at = settings.traces_per_s, clock()

    def begin(self, *, route: str, head: RequestHead) -> Span | None:
        """The span of a request that is traced, else ``None``; its upstream is told by ``head.traceparent``."""
        if not self._on:
            return None
        if head.trace_id[16:] >= self._below or not self._spare():
            head.trace_set(head.traceparent[:53] + b"00")
            return None
        span = TRACER.start_span(route, context=_parent(head), kind=SpanKind.SERVER)
        context = span.get_span_context()
        trace_id, span_id = format_trace_id(context.trace_id), format_span_id(context.span_id)
        head.trace_set(f"00-{trace_id}-{span_id}-01".encode())
        return span

    def _spare(self) -> bool:
        """Take one of this second's traces, if there is one left."""
        now = self._clock()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    @staticmethod
    def end(span: Span, *, method: str, route: str, status: int, head: RequestHead, note: str) -> None:
        """Say how it was answered."""
        span.set_attribute("meshop.gateway.note", note)
        server_span_end(span, method=method, route=route, status=status, request_id=head.request_id.decode())
        span.end()


def _parent(head: RequestHead) -> Context:
    """The caller's span, if a caller has named one; else the trace begins here."""
    if not head.trace_given:
        return Context()
    caller = SpanContext(
        int(head.trace_id, 16), int(head.traceparent[36:52], 16), is_remote=True, trace_flags=_SAMPLED
    )
    return set_span_in_context(NonRecordingSpan(caller), Context())

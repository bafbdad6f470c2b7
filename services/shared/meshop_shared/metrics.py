"""RED metrics that every service exports under the same names (rate, errors, duration by route template)."""

import contextlib
import resource
import time

from opentelemetry import trace
from prometheus_client import Counter, Gauge, Histogram

_MEMORY_EVERY_S = 5.0
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

HTTP_REQUESTS = Counter(
    "meshop_http_requests_total", "Requests answered.", ["service", "method", "route", "status"]
)
HTTP_SECONDS = Histogram(
    "meshop_http_request_seconds",
    "Time to answer a request.",
    ["service", "method", "route"],
    buckets=BUCKETS,
)
HTTP_IN_FLIGHT = Gauge(
    "meshop_http_requests_in_flight", "Requests being served.", ["service"], multiprocess_mode="livesum"
)
BREAKER_OPEN = Gauge(
    "meshop_breaker_open",
    "1 while the breaker in front of a dependency is open.",
    ["dependency"],
    multiprocess_mode="livemax",
)


PROCESS_BYTES = Gauge(
    "meshop_process_resident_bytes",
    "Memory of the processes that answer requests, looked at every few seconds while they do.",
    ["service"],
    multiprocess_mode="livesum",
)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def method_label(method: str) -> str:
    """The method, or ``other``: clients may invent as many as they like."""
    return method if method in _METHODS else "other"


def exemplar_current() -> dict[str, str] | None:
    """What leads from a measurement to its trace, if there is one (OpenMetrics exemplars)."""
    span = trace.get_current_span()
    if not span.is_recording():
        return None
    return {"trace_id": trace.format_trace_id(span.get_span_context().trace_id)}


def observe_request(*, service: str, method: str, route: str, status: int, seconds: float) -> None:
    """Record one answered request. ``route`` must be a template, never a raw path: labels stay bounded."""
    method = method_label(method)
    HTTP_REQUESTS.labels(service, method, route, str(status)).inc()
    HTTP_SECONDS.labels(service, method, route).observe(seconds, exemplar=exemplar_current())
    _memory_look(service)


#: When this process last looked at its memory, by the name it goes by.
_looked: dict[str, float] = {}


def _memory_look(service: str) -> None:
    now = time.monotonic()
    if now - _looked.get(service, -_MEMORY_EVERY_S) < _MEMORY_EVERY_S:
        return
    _looked[service] = now
    with contextlib.suppress(OSError), open("/proc/self/statm") as file:  # only Linux tells
        PROCESS_BYTES.labels(service).set(int(file.read().split()[1]) * resource.getpagesize())

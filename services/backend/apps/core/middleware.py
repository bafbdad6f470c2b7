"""Outermost layer of a request: its id, its span, its log line and its metrics."""

import random
import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from opentelemetry.trace import INVALID_SPAN, Span

from apps.core.api.errors import error_answer
from apps.core.faults import fault
from meshop_shared.errors import MeshopError
from meshop_shared.logging import request_id_from
from meshop_shared.metrics import HTTP_IN_FLIGHT, observe_request
from meshop_shared.tracing import server_span, server_span_end

GetResponse = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger("meshop.request")
_QUIET = ("/healthz", "/readyz", "/metrics")
#: More than this is not waited for: the largest upload, and what a client sends before it hears of its refusal.
_LEFT_OVER_BYTES = 10_000_000


class RequestContextMiddleware:
    """Gives each request an id, binds it to logs, and measures the answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        self._in_flight = HTTP_IN_FLIGHT.labels("backend")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        request_id = request_id_from(request.headers.get("X-Request-Id"))
        request.request_id = request_id  # type: ignore[attr-defined]
        if request.path in _QUIET:
            return self._answer(request, INVALID_SPAN, request_id)
        traceparent = request.headers.get("Traceparent")
        with server_span(method=request.method or "GET", traceparent=traceparent) as span:
            return self._answer(request, span, request_id)

    def _answer(self, request: HttpRequest, span: Span, request_id: str) -> HttpResponseBase:
        started, response = time.perf_counter(), None
        structlog.contextvars.bind_contextvars(request_id=request_id)
        self._in_flight.inc()
        try:
            response = _broken_on_purpose(request) or self._get_response(request)
            _read_left_over(request)
        finally:
            self._in_flight.dec()
            status = response.status_code if response else 500
            self._record(request, span, request_id, status, time.perf_counter() - started)
            structlog.contextvars.clear_contextvars()
        response["X-Request-Id"] = request_id
        return response

    @staticmethod
    def _record(request: HttpRequest, span: Span, request_id: str, status: int, seconds: float) -> None:
        match = request.resolver_match
        route = f"/{match.route}" if match else "unmatched"
        method = request.method or "GET"
        observe_request(service="backend", method=method, route=route, status=status, seconds=seconds)
        server_span_end(span, method=method, route=route, status=status, request_id=request_id)
        if request.path not in _QUIET:
            log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


#: What a drill has leaked.
_leaked: list[bytes] = []


def _broken_on_purpose(request: HttpRequest) -> HttpResponseBase | None:
    """Be slow, grow or answer with a failure, where a drill has asked for it."""
    if settings.MESHOP.meshop_faults == "off" or not request.path.startswith("/api/"):
        return None
    if megabytes := fault("leak"):
        _leaked.append(bytes(int(megabytes * 1_000_000)))
    time.sleep(fault("slow-requests"))
    if random.random() < fault("failing-requests"):  # noqa: S311 - a drill
        return error_answer(request, MeshopError("This failure is a drill."))
    return None


def _read_left_over(request: HttpRequest) -> None:
    """Read what the view left of the body, as of a request that was refused for its token or path.

    The server drops a connection with unread bytes in it, without telling; the next request that the client, or a
    proxy for another client, sends on it would be lost.
    """
    if not request.META.get("CONTENT_LENGTH"):
        return
    left = _LEFT_OVER_BYTES
    try:
        while left > 0 and (chunk := request.read(65_536)):
            left -= len(chunk)
    except OSError:
        log.info("client went away before its request was read")

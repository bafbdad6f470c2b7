"""Outermost layer of a request: its id, its log line and its metrics."""

import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from meshop_shared.logging import request_id_from
from meshop_shared.metrics import HTTP_IN_FLIGHT, observe_request

GetResponse = Callable[[HttpRequest], HttpResponseBase]
log = structlog.get_logger("meshop.request")
_QUIET = ("/healthz", "/readyz", "/metrics")


class RequestContextMiddleware:
    """Gives each request an id, binds it to logs, and measures the answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        self._in_flight = HTTP_IN_FLIGHT.labels("backend")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve one request."""
        request_id = request_id_from(request.headers.get("X-Request-Id"))
        request.request_id = request_id  # type: ignore[attr-defined]
        started, response = time.perf_counter(), None
        structlog.contextvars.bind_contextvars(request_id=request_id)
        self._in_flight.inc()
        try:
            response = self._get_response(request)
        finally:
            self._in_flight.dec()
            self._record(request, response.status_code if response else 500, time.perf_counter() - started)
            structlog.contextvars.clear_contextvars()
        response["X-Request-Id"] = request_id
        return response

    @staticmethod
    def _record(request: HttpRequest, status: int, seconds: float) -> None:
        match = request.resolver_match
        route = f"/{match.route}" if match else "unmatched"
        method = request.method or "GET"
        observe_request(service="backend", method=method, route=route, status=status, seconds=seconds)
        if request.path not in _QUIET:
            log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))

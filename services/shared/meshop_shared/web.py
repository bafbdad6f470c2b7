"""FastAPI application factory: errors, request id, logs, metrics, probes and graceful shutdown, the same everywhere."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from opentelemetry.trace import INVALID_SPAN
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.exposition import choose_encoder
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from meshop_shared.errors import CODE_BY_STATUS, MeshopError, ValidationFailed, envelope
from meshop_shared.logging import request_id_from
from meshop_shared.metrics import HTTP_IN_FLIGHT, observe_request
from meshop_shared.tracing import server_span, server_span_end, trace_id_recorded

ReadyCheck = Callable[[], Awaitable[None]]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
log = structlog.get_logger(__name__)

#: Asked by machines, every few seconds.
_UNTRACED = frozenset(("/healthz", "/readyz", "/metrics"))


def error_response(request: Request, error: MeshopError) -> JSONResponse:
    """Render any expected failure as the common envelope."""
    body = envelope(
        code=error.code,
        message=error.message,
        extra=error.extra,
        request_id=request.scope.get("request_id"),
        trace_id=request.scope.get("trace_id", ""),
    )
    return JSONResponse(body, status_code=error.status, headers=error.headers)


class RequestContext:
    """Outermost ASGI layer: request id in and out, span, one access-log line, RED metrics, 500 as an envelope."""

    def __init__(self, app: ASGIApp, *, service: str) -> None:
        self._app, self._service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = request_id_from(headers.get(b"x-request-id", b"").decode("latin-1"))
        scope["request_id"] = request_id
        status, started = 500, time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        parent, method = headers.get(b"traceparent", b"").decode("latin-1"), scope["method"]
        spanned = (
            nullcontext(INVALID_SPAN)
            if scope["path"] in _UNTRACED
            else server_span(method=method, traceparent=parent)
        )
        with structlog.contextvars.bound_contextvars(request_id=request_id), spanned as span:
            scope["trace_id"] = trace_id_recorded()
            HTTP_IN_FLIGHT.labels(self._service).inc()
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                HTTP_IN_FLIGHT.labels(self._service).dec()
                self._record(scope, status, time.perf_counter() - started)
                server_span_end(
                    span, method=method, route=_route(scope), status=status, request_id=request_id
                )

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        observe_request(
            service=self._service, method=scope["method"], route=route, status=status, seconds=seconds
        )
        log.info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


def _route(scope: Scope) -> str:
    return str(getattr(scope.get("route"), "path", "unmatched"))


def _install_error_handlers(app: FastAPI) -> None:
    async def on_meshop_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, MeshopError)
        return error_response(request, error)

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        if any(problem["type"] == "json_invalid" for problem in error.errors()):
            return error_response(
                request, ValidationFailed("The body is not valid JSON.", code="malformed_body")
            )
        fields: dict[str, list[str]] = {}
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"][1:]) or "body"
            fields.setdefault(name, []).append(str(problem["msg"]))
        return error_response(request, ValidationFailed(extra={"fields": fields}))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = CODE_BY_STATUS.get(error.status_code, "http_error")
        body = envelope(
            code=code,
            message=str(error.detail),
            request_id=request.scope.get("request_id"),
            trace_id=request.scope.get("trace_id", ""),
        )
        return JSONResponse(body, status_code=error.status_code, headers=error.headers)

    async def on_crash(request: Request, error: Exception) -> Response:
        log.error("unhandled error", exc_info=error)
        # Sent from outside RequestContext, which would have added the header.
        return error_response(request, MeshopError(headers={"x-request-id": request.scope["request_id"]}))

    app.add_exception_handler(MeshopError, on_meshop_error)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_crash)


def create_app(
    *,
    service: str,
    version: str = "0.1.0",
    lifespan: Lifespan | None = None,
    ready_checks: dict[str, ReadyCheck] | None = None,
    docs_path: str | None = "/docs",
    openapi_path: str | None = "/openapi.json",
    metrics_dir: Path | None = None,
) -> FastAPI:
    """Build an app with ``/healthz`` (no I/O), ``/readyz`` (runs ``ready_checks``, 503 when draining), ``/metrics``.

    ``app.state.draining`` turns true when shutdown begins, so load balancers stop sending before the drain ends.
    ``metrics_dir`` is where worker processes share their metrics (``PROMETHEUS_MULTIPROC_DIR``).
    """

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        app.state.draining = False
        if lifespan is None:
            yield
        else:
            async with lifespan(app):
                yield
        app.state.draining = True

    app = FastAPI(
        title=f"Meshop {service}",
        version=version,
        lifespan=run,
        docs_url=docs_path,
        redoc_url=None,
        openapi_url=openapi_path,
        # RequestContext makes the spans, for the gateway's pages as for the others, and Prometheus asks for metrics.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        redirect_slashes=False,  # a redirect would be built from the client's Host field
    )
    _install_error_handlers(app)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "healthy"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz(request: Request) -> JSONResponse:
        failing: dict[str, str] = {}
        if getattr(app.state, "draining", False):
            failing["service"] = "shutting down"
        for name, check in (ready_checks or {}).items():
            try:
                await check()
            except Exception as error:  # a probe reports whatever broke
                failing[name] = type(error).__name__
        if failing:
            log.warning("not ready", failing=failing)
            return JSONResponse({"status": "unavailable", "failing": failing}, status_code=503)
        return JSONResponse({"status": "ready"})

    @app.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        if metrics_dir is None:
            # OpenMetrics, with exemplars, for those who ask for it.
            encode, kind = choose_encoder(request.headers.get("accept", ""))
            return Response(encode(REGISTRY), media_type=kind)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, path=str(metrics_dir))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    app.add_middleware(RequestContext, service=service)
    return app

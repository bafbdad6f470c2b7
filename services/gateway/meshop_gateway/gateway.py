"""The outermost ASGI app. Requests that have a route are proxied right here; FastAPI only sees the others."""

import asyncio
from typing import Any

import structlog

from meshop_gateway.clients import ClientAddresses
from meshop_gateway.compiled import CompiledTable, Route
from meshop_gateway.errors import GatewayTimeout
from meshop_gateway.flights import Flight, Watch
from meshop_gateway.forward import ClientGone
from meshop_gateway.guards import Guards, Malformed, host_check
from meshop_gateway.headers import RequestHead
from meshop_gateway.http1 import WireLimits
from meshop_gateway.paths import path_decode
from meshop_gateway.proxy import Proxy
from meshop_gateway.request import Receive, Request, Send, error_send
from meshop_gateway.settings import GatewaySettings
from meshop_gateway.telemetry import Telemetry
from meshop_gateway.tracing import RequestTracer
from meshop_gateway.upstream_conn import UpstreamFailure
from meshop_shared.errors import MeshopError, NotFound

log = structlog.get_logger(__name__)

_CLIENT_LEFT = 499  # in logs and metrics only: nobody was there to be told
#: The gateway's own pages that are not for the public.
_ADMIN_PATHS = frozenset((b"/metrics", b"/gateway/status"))


class Gateway:
    """What uvicorn serves. ``app`` answers what has no route: health, metrics, documentation, and 404."""

    def __init__(
        self,
        settings: GatewaySettings,
        *,
        app: Any,
        table: CompiledTable,
        guards: Guards,
        proxy: Proxy,
        clients: ClientAddresses,
        watch: Watch,
        telemetry: Telemetry,
        wire: WireLimits,
    ) -> None:
        self.wire = wire
        self._app, self.table, self._guards, self._proxy = app, table, guards, proxy
        self._clients, self._admins = clients, ClientAddresses(settings.admin_networks)
        self._watch, self._telemetry, self._tracer = watch, telemetry, RequestTracer(settings)
        self._loop = asyncio.get_running_loop()
        self.draining = False

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # lifespan
            return
        path = path_decode(scope["raw_path"])
        route = self.table.find(path) if path is not None else None
        if route is not None:
            await self._serve(route, scope, receive, send)
        else:
            await self._serve_own(path, scope, receive, send)

    async def _serve(self, route: Route, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        started = self._loop.time()
        flight = Flight(started, started + route.timeout_s, scope["meshop.task"])
        request = Request(scope, receive, send, route=route, flight=flight)
        flights = self._watch.flights
        flights.add(flight)
        try:
            request.read_head()
            request.span = self._tracer.begin(route=route.template, head=request.head)
            await self._guards.check(request)
            await self._proxy.serve(request)
        except MeshopError as error:
            await request.refuse(error)
        except (UpstreamFailure, ClientGone) as error:
            request.note = type(
                error
            ).__name__  # the answer had begun, or nobody waits for it: it is broken off
        except asyncio.CancelledError:
            if not flight.expired:
                request.status = request.status or _CLIENT_LEFT
                raise
            await self._out_of_time(request)
        finally:
            flights.discard(flight)
            status = request.status or _CLIENT_LEFT
            if request.span is not None:
                self._tracer.end(
                    request.span,
                    method=request.method,
                    route=route.template,
                    status=status,
                    head=request.head,
                    note=request.note,
                )
            self._telemetry.record(
                method=request.method,
                route=route.template,
                status=status,
                seconds=self._loop.time() - started,
                request_id=request.head.request_id,
                trace_id=request.head.trace_id,
                note=request.note,
            )

    async def _out_of_time(self, request: Request) -> None:
        request.scope["meshop.task"].uncancel()
        await request.refuse(GatewayTimeout())

    async def _serve_own(
        self, path: bytes | None, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        """Answer what has no route, after the same checks of its form. Probes may come by any host name."""
        try:
            head = RequestHead(scope["headers"])
            if path is None:
                raise Malformed("The path holds segments or encodings that could be read in two ways.")
            host_check(head.seen.get(b"host"), scope["http_version"])
            client = self._clients.find(scope["client"][0], head.seen.get(b"x-forwarded-for"))
            if path in _ADMIN_PATHS and not self._admins.is_trusted(client):
                raise NotFound()
        except MeshopError as error:
            await error_send(send, error, b"", [])
            return
        if path == b"/metrics":
            self._telemetry.flush()
        scope["path"] = path.decode("utf-8", "replace")
        await self._app(scope, receive, send)

"""Forwarding one request and relaying its answer, streaming both ways."""

import asyncio

from meshop_gateway.cache import Answer, AnswerCache, Uncacheable
from meshop_gateway.cacheable import anonymous_lines, answer_made, answer_send, cache_key, is_cacheable
from meshop_gateway.errors import BadGateway, GatewayTimeout
from meshop_gateway.flights import Flight, Watch
from meshop_gateway.forward import FAILED, Answering, Outgoing, Upload, send_request
from meshop_gateway.guards import Malformed
from meshop_gateway.headers import response_lines
from meshop_gateway.request import Request
from meshop_gateway.telemetry import CACHED, FALLBACKS
from meshop_gateway.upstream_conn import UpstreamFailure
from meshop_shared.errors import MeshopError, ServiceUnavailable

_UPGRADE = b"connection: Upgrade\r\nupgrade: websocket\r\n"
_LOOK_S = 1.0
_HEAD = (
    b"%b %b HTTP/1.1\r\n%b%bx-request-id: %b\r\nx-forwarded-for: %b\r\nx-forwarded-proto: %b\r\n"
    b"x-request-deadline-ms: %d\r\n%b\r\n"
)


class UpgradeRequired(MeshopError):
    """426: WebSockets are not spoken on this route."""

    status = 426
    code = "upgrade_not_supported"
    message = "This path does not speak WebSocket."


class Proxy:
    """What happens to a request that passed the guards."""

    def __init__(self, *, watch: Watch, cache: AnswerCache, loop: asyncio.AbstractEventLoop) -> None:
        self._watch, self._cache, self._loop = watch, cache, loop

    async def serve(self, request: Request) -> None:
        """Answer from the cache or from the upstream."""
        spec = request.route.cache
        if "meshop.tunnel" in request.scope["extensions"]:
            await self._tunnel(request)
            return
        if spec is not None and self._cache.usable and is_cacheable(request):
            try:
                answer, outcome = await self._cache.get(
                    cache_key(request), spec, lambda: self._fetch(request)
                )
            except Uncacheable:
                CACHED.labels(request.route.template, "bypass").inc()
            else:
                CACHED.labels(request.route.template, outcome).inc()
                await answer_send(request, answer, outcome)
                return
        await self._forward(request)

    async def _forward(self, request: Request) -> None:
        seen = request.head.seen
        upload: Upload | None = None
        framing, length, chunked = b"", seen.get(b"content-length"), b"transfer-encoding" in seen
        if chunked or (length is not None and length != b"0"):
            upload = Upload(request.receive, limit=request.route.spec.body_limit, chunked=chunked)
            await upload.begin()
            if not upload.more:
                framing = b"content-length: %d\r\n" % upload.size
            elif length is not None:
                framing = b"content-length: %b\r\n" % length
            else:
                framing = b"transfer-encoding: chunked\r\n"
        elif length is not None:
            framing = b"content-length: 0\r\n"
        data = self._head(request, request.head.lines, framing)
        if upload is not None:
            data += upload.first_framed()
        outgoing = Outgoing(request.method, data, keyed=b"idempotency-key" in seen, upload=upload)
        answering = await self._answered(request, outgoing)
        try:
            await self._relay(request, answering)
        finally:
            answering.release()

    @staticmethod
    async def _answered(request: Request, outgoing: Outgoing) -> Answering:
        """The head of the answer; from the route's fallback when its upstream has none that is worth relaying."""
        route, flight = request.route, request.flight
        if route.fallback is None or (outgoing.upload is not None and outgoing.upload.more):
            return await send_request(route, flight, outgoing)
        try:
            async with asyncio.timeout(route.spec.fallback_after_s):
                answering = await send_request(route, flight, outgoing)
            if answering.conn.status not in FAILED:
                return answering
            answering.release()
        except TimeoutError:
            route.upstream.breaker.fail()
        except (BadGateway, ServiceUnavailable):
            pass
        request.note = "fallback"
        FALLBACKS.labels(route.template).inc()
        return await send_request(route.fallback, flight, outgoing)

    async def _relay(self, request: Request, answering: Answering) -> None:
        conn = answering.conn
        headers = response_lines(conn.headers)
        if conn.complete:
            body = conn.take()
            if request.method != "HEAD" and (conn.chunked or not conn.framed):
                headers.append((b"content-length", b"%d" % len(body)))
            await request.answer(conn.status, headers, body)
            return
        flight, spec = request.flight, request.route.spec
        await request.start(conn.status, headers)
        await request.write(conn.take(), more=True)
        while not conn.exhausted:
            if spec.stream:
                flight.ends = self._loop.time() + spec.idle_timeout_s
            await request.write(await answering.read(flight), more=True)
        await request.write(b"", more=False)

    async def _tunnel(self, request: Request) -> None:
        """A WebSocket: once the upstream has agreed, bytes flow untouched until one side closes or both are silent."""
        spec, flight = request.route.spec, request.flight
        if not spec.websocket:
            raise UpgradeRequired(headers={"Upgrade": "HTTP/1.1", "Connection": "Upgrade"})
        data = self._head(request, request.head.lines, _UPGRADE)
        answering = await send_request(request.route, flight, Outgoing("GET", data, upgrade=True))
        conn = answering.conn
        if conn.status != 101:
            try:
                await self._relay(request, answering)
            finally:
                answering.release()
            return
        lines = b"".join(b"%b: %b\r\n" % pair for pair in response_lines(conn.headers) + request.extra)
        head = b"HTTP/1.1 101 Switching Protocols\r\n" + _UPGRADE + lines + b"\r\n" + conn.upgraded
        request.status, request.note, flight.ends = 101, "tunnel", float("inf")
        near, far = request.scope["extensions"]["meshop.tunnel"](head, conn.transport)
        try:
            while not near.closed.done():
                await asyncio.wait((near.closed,), timeout=_LOOK_S)
                if self._loop.time() - max(near.last_byte, far.last_byte) > spec.idle_timeout_s:
                    near.shutdown()
        finally:
            near.shutdown()
            answering.detach()

    async def _fetch(self, request: Request) -> Answer:
        """Get an answer that may be shared. It outlives the request that asked first, within the route's time."""
        spec = request.route.spec
        assert spec.cache is not None
        now = self._loop.time()
        flight = Flight(now, now + spec.timeout_s, asyncio.current_task())
        self._watch.flights.add(flight)
        answering: Answering | None = None
        try:
            outgoing = Outgoing("GET", self._head(request, anonymous_lines(request), b""))
            answering = await send_request(request.route, flight, outgoing)
            conn, pieces, size = answering.conn, [], 0
            while not conn.exhausted:
                pieces.append(await answering.read(flight))
                size += len(pieces[-1])
                if size > spec.cache.max_body:
                    raise Uncacheable
            return answer_made(spec.cache, conn.status, conn.headers, b"".join(pieces))
        except UpstreamFailure as failure:
            raise BadGateway(extra={"reason": failure.reason}) from failure
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not flight.expired or task is None:
                raise
            task.uncancel()
            raise GatewayTimeout() from None
        finally:
            self._watch.flights.discard(flight)
            if answering is not None:
                answering.release()

    def _head(self, request: Request, lines: list[bytes], framing: bytes) -> bytes:
        """The request as the upstream reads it, up to its body."""
        scope, route, head = request.scope, request.route, request.head
        target: bytes = scope["raw_path"]
        if route.cut:
            target = _without_segments(target, route.cut)
        if scope["query_string"]:
            target += b"?" + scope["query_string"]
        # A mesh routes by Host, so that is the upstream's own; what the client asked for stands beside it.
        host = b"host: %b\r\n" % route.upstream.netloc
        if asked := head.seen.get(b"host"):
            host += b"x-forwarded-host: %b\r\n" % asked
        left = max(1, int((request.flight.ends - self._loop.time()) * 1000))
        return _HEAD % (
            request.method.encode(), target, b"".join(lines), host, head.request_id, request.client.encode(),
            request.scheme, left, framing,
        )  # fmt: skip


def _without_segments(path: bytes, count: int) -> bytes:
    """``path`` without its first ``count`` segments. Encoded slashes were refused, so segments can be counted."""
    end = 0
    for _ in range(count):
        end = path.find(b"/", end + 1)
        if end < 0:
            return b"/"
    if not path[end:]:
        raise Malformed()
    return path[end:]

"""One request and its answer on a client connection, as ASGI sees it."""

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog

from meshop_gateway.refusals import Refusal, refusal_bytes
from meshop_gateway.tunnel import Tunnel

if TYPE_CHECKING:
    from meshop_gateway.http1 import ClientConnection, FrontApp

log = structlog.get_logger(__name__)

#: A message of our own beside those of ASGI: the head and all of the body, whose length the head states.
WHOLE = "meshop.response"
_BODY_BUFFER = 65_536
_STATUS_LINES = {status: b"HTTP/1.1 %d \r\n" % status for status in range(100, 600)} | {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
_CRASHED = [(b"content-type", b"application/json")]
_CRASHED_BODY = b'{"code":"internal_error","message":"Something went wrong.","extra":{},"request_id":""}'


class Exchange:
    """The ``receive`` and ``send`` of one request. The head of the answer waits for the first piece of its body."""

    __slots__ = (
        "_body", "_body_size", "_body_waiter", "_chunked", "_conn", "_finished", "_gone", "_more", "_pending",
        "_started", "early", "expects_continue", "keep_alive", "scope", "task", "upgrade",
    )  # fmt: skip

    def __init__(self, conn: "ClientConnection", scope: dict[str, Any]) -> None:
        self._conn, self.scope = conn, scope
        self.task: asyncio.Task[None] | None = None
        self.keep_alive, self.expects_continue, self.upgrade = True, False, False
        self.early = b""  # bytes after the head of an upgrade
        self._body: list[bytes] = []
        self._body_size, self._more = 0, True
        self._body_waiter: asyncio.Future[None] | None = None
        self._pending: bytes | None = None
        self._started = self._finished = self._chunked = self._gone = False

    @property
    def reusable(self) -> bool:
        """Whether another request may follow on this connection."""
        return self._finished and self.keep_alive and not self._more

    @property
    def wants_body(self) -> bool:
        """Whether the app is waiting for the client."""
        return self._body_waiter is not None

    async def run(self, app: "FrontApp") -> None:
        """Serve the request. Whatever happens, the client gets a whole answer or a closed connection."""
        self.scope["meshop.task"] = self.task
        if self.upgrade:
            self.scope["extensions"]["meshop.tunnel"] = self.tunnel
        try:
            await app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            self.keep_alive = False
        except Exception:
            log.exception("request crashed")
            self.keep_alive = False
            if not self._started:
                await self.send({"type": "http.response.start", "status": 500, "headers": _CRASHED})
                await self.send({"type": "http.response.body", "body": _CRASHED_BODY})
        if not self._finished and not self._gone:
            self._conn.transport.abort()  # half an answer must not look like a whole one
        self._conn.exchange_finished(self)

    # --- from the client

    def body_arrived(self, piece: bytes) -> None:
        """Keep ``piece`` for the app and stop reading when it does not keep up."""
        self._body.append(piece)
        self._body_size += len(piece)
        if self._body_size > _BODY_BUFFER:
            self._conn.transport.pause_reading()
        self._wake()

    def body_complete(self) -> None:
        """The request is whole."""
        self._more = False
        self._wake()

    def refuse(self, refusal: Refusal) -> None:
        """The rest of the body will not come: answer so, unless the answer has begun, and give up."""
        if not self._started:
            self._started = self._finished = True
            self._conn.transport.write(refusal_bytes(refusal))
        self._cancel()

    def client_left(self) -> None:
        """Nobody waits for the answer any more."""
        self._gone = True
        self._cancel()

    def _cancel(self) -> None:
        self.keep_alive = False
        if self.task is not None:
            self.task.cancel()

    def _wake(self) -> None:
        waiter, self._body_waiter = self._body_waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # --- for the app

    async def receive(self) -> dict[str, Any]:
        """The next piece of the body."""
        if self._finished or self._gone:
            return {"type": "http.disconnect"}
        conn = self._conn
        if self.expects_continue and not self._started:
            self.expects_continue = False
            conn.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while self._more and not self._body:
            conn.since = conn.loop.time()
            self._body_waiter = waiter = conn.loop.create_future()
            try:
                await waiter
            finally:
                self._body_waiter = None
        body = b"".join(self._body)
        self._body.clear()
        if self._body_size > _BODY_BUFFER:
            conn.transport.resume_reading()
        self._body_size = 0
        return {"type": "http.request", "body": body, "more_body": self._more}

    async def send(self, message: dict[str, Any]) -> None:
        """Write the head or a piece of the body, and wait while the client does not keep up."""
        if self._gone or self._finished:
            return
        kind = message["type"]
        if kind is WHOLE:
            self._started = self._finished = True
            head = self._whole_head(message["status"], message["headers"])
            self._conn.transport.write(head if self.scope["method"] == "HEAD" else head + message["body"])
            return
        if kind == "http.response.start":
            self._pending, self._started = self._head(message["status"], message["headers"]), True
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self.scope["method"] == "HEAD":
            body = b""
        elif self._chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if more else b"0\r\n\r\n")
        if self._pending is not None:
            body = self._pending + body
            self._pending = None
        conn = self._conn
        if body:
            conn.transport.write(body)
        self._finished = not more
        if conn.write_paused and more:
            conn.write_waiter = conn.loop.create_future()
            await conn.write_waiter

    def tunnel(self, head: bytes, upstream: asyncio.Transport) -> tuple[Tunnel, Tunnel]:
        """Answer with ``head`` (101) and from then on copy bytes between the client and ``upstream``; both ends."""
        conn = self._conn
        self._started = self._finished = True
        conn.transport.write(head)
        near, far = Tunnel.pair(conn.transport, upstream, conn.loop)
        if self.early:
            upstream.write(self.early)
        upstream.set_protocol(far)
        far.connection_made(upstream)
        conn.switch(near)
        upstream.resume_reading()
        return near, far

    def _whole_head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        if self.keep_alive and self._more:
            self.keep_alive = False
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        return b"".join((_STATUS_LINES[status], *[b"%b: %b\r\n" % pair for pair in headers], end))

    def _head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        length_known = status in (204, 304) or status < 200 or self.scope["method"] == "HEAD"
        parts = [_STATUS_LINES[status]]
        for name, value in headers:
            if name == b"content-length":
                length_known = True
            parts.append(b"%b: %b\r\n" % (name, value))
        if not length_known:
            if self.scope["http_version"] == "1.1":
                self._chunked = True
                parts.append(b"transfer-encoding: chunked\r\n")
            else:
                self.keep_alive = False
        if not self.keep_alive or self._more:
            self.keep_alive = False
            parts.append(b"connection: close\r\n")
        parts.append(b"\r\n")
        return b"".join(parts)

"""The client's side of HTTP/1.1: an asyncio protocol for uvicorn's server that reads requests strictly and slowly dies.

llhttp parses. On top of it this module refuses what llhttp lets through but two servers could frame differently
(RFC 9112 sections 6 and 11.2), bounds every size and every wait, answers expectations, and runs the ASGI app once per
request. A client that goes away cancels its request.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any, Protocol

import httptools

from meshop_gateway.exchange import Exchange
from meshop_gateway.refusals import Refusal, refusal_bytes
from meshop_gateway.tunnel import Tunnel

_METHODS = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"))
_FRAMING = frozenset((b"content-length", b"transfer-encoding", b"upgrade", b"connection", b"expect"))
_ASGI = {"version": "3.0", "spec_version": "2.4"}
_PIPELINE = 32
_LINGER_S = 2.0
_TRAILER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class WireLimits:
    """Sizes and waits of one client connection."""

    head_bytes: int = 32_768
    head_count: int = 100
    head_timeout_s: float = 10
    body_stall_s: float = 10
    send_stall_s: float = 30
    idle_timeout_s: float = 75
    max_connections: int = 10_000


class FrontApp(Protocol):
    """What the protocol needs from the app that uvicorn hands it."""

    wire: WireLimits
    draining: bool

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""


class ClientConnection(asyncio.Protocol):
    """One client connection. ``since`` and ``waits_for`` tell :meth:`check` what it has been waiting for."""

    __slots__ = (
        "_app", "_closing", "_current", "_framing", "_head_size", "_headers", "_in_head", "_lingering", "_parser",
        "_queue", "_raw", "_reading", "_refused", "_state", "_target", "client", "loop", "server", "since", "transport",
        "write_paused", "write_waiter",
    )  # fmt: skip

    def __init__(self, config: Any, server_state: Any, app_state: Any, _loop: Any = None) -> None:
        self._app: FrontApp = config.loaded_app
        self._state = server_state
        self.loop = _loop or asyncio.get_running_loop()
        self._parser: Any = None
        self._current: Exchange | None = None  # the request that is being answered
        self._reading: Exchange | None = None  # the request whose body is being read
        self._queue: deque[Exchange] | None = None  # requests read ahead of their turn
        self._headers: list[tuple[bytes, bytes]] = []
        self._framing: dict[bytes, bytes] = {}
        self._target = self._raw = b""
        self._head_size = 0
        self._in_head = self._refused = self._lingering = self._closing = False
        self.write_paused = False
        self.write_waiter: asyncio.Future[None] | None = None

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start listening, or close at once when there are too many already."""
        self.transport = transport
        self.since = self.loop.time()
        if len(self._state.connections) >= self._app.wire.max_connections:
            transport.write(refusal_bytes(Refusal.TOO_MANY_CONNECTIONS))
            transport.close()
            return
        self._state.connections.add(self)
        self.client = _address(transport.get_extra_info("peername"))
        self.server = _address(transport.get_extra_info("sockname"))
        self._parser = httptools.HttpRequestParser(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel what is still being answered."""
        self._state.connections.discard(self)
        self._parser, self._closing = None, True
        self.resume_writing()
        for exchange in (self._current, *(self._queue or ())):
            if exchange is not None:
                exchange.client_left()
        self._current = self._reading = self._queue = None

    def data_received(self, data: bytes) -> None:
        """Parse; the callbacks below start requests."""
        if self._refused or self._parser is None:
            return  # what comes after a refusal is not looked at
        if self._in_head:
            self._raw += data
        else:
            self._raw = data
            if self._reading is None:
                self.since = self.loop.time()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.transport.pause_reading()
            if self._current is not None:
                self._current.early = data[upgrade.args[0] :]
        except httptools.HttpParserError:
            self._refuse(Refusal.MALFORMED)
        if self._in_head:
            if len(self._raw) > self._app.wire.head_bytes:
                self._refuse(Refusal.HEAD_TOO_LARGE)
        else:
            self._raw = b""

    def eof_received(self) -> bool:
        """The client has left. (One that only closed its side cannot be told from it; nginx treats both alike.)"""
        return False

    def pause_writing(self) -> None:
        """The client reads more slowly than the upstream writes."""
        self.write_paused = True
        self.since = self.loop.time()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.write_paused = False
        waiter, self.write_waiter = self.write_waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # --- llhttp

    def on_message_begin(self) -> None:
        """A request line begins."""
        self._in_head = True
        self._headers, self._framing = [], {}
        self._target, self._head_size = b"", 0

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header field, or a trailer field, which is dropped."""
        name = name.lower()
        self._head_size += len(name) + len(value) + 4
        if not self._in_head:
            if self._head_size > _TRAILER_BYTES:
                self._refuse(Refusal.HEAD_TOO_LARGE)
            return
        value = value.rstrip(b" \t")
        if name in _FRAMING:
            # A second Connection field extends the first; of the others llhttp or the app refuses a second one.
            before = self._framing.get(name)
            self._framing[name] = value if before is None else before + b", " + value
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole: refuse it or start the request."""
        self._in_head = False
        if self._refused:
            return
        refusal = self._check_head()
        if refusal is not None:
            self._refuse(refusal)
            return
        self._head_size = 0
        framing, parser = self._framing, self._parser
        exchange = Exchange(self, self._scope())
        if framing:
            exchange.expects_continue = framing.get(b"expect", b"").lower() == b"100-continue"
            exchange.upgrade = (
                framing.get(b"upgrade", b"").lower() == b"websocket" and parser.should_upgrade()
            )
        exchange.keep_alive = (
            exchange.scope["http_version"] == "1.1"
            and parser.should_keep_alive()
            and not self._app.draining
            and (exchange.upgrade or not parser.should_upgrade())
        )
        self._reading = exchange
        if self._current is None:
            self._start(exchange)
        else:
            self._queue = self._queue or deque()
            self._queue.append(exchange)
            self.transport.pause_reading()
            if len(self._queue) > _PIPELINE:
                self._refuse(Refusal.MALFORMED)

    def on_body(self, body: bytes) -> None:
        """A piece of the request's body."""
        if self._reading is not None and not self._refused:
            self.since = self.loop.time()
            self._reading.body_arrived(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._reading is not None and not self._refused:
            self._reading.body_complete()
            self._reading = None

    # --- requests

    def exchange_finished(self, exchange: Exchange) -> None:
        """The answer is out (or will never be): read on, start the next request, or close."""
        self._state.tasks.discard(exchange.task)
        if exchange is not self._current:
            return
        self._current = None
        if self._closing or not exchange.reusable or (self._refused and not self._queue):
            self._close_gently()
        elif self._queue:
            self._start(self._queue.popleft())
        else:
            self.since = self.loop.time()
            self.transport.resume_reading()

    def switch(self, tunnel: Tunnel) -> None:
        """Hand the connection to ``tunnel``: from here on its bytes are not HTTP."""
        self._state.connections.discard(self)
        self._state.connections.add(tunnel)
        self._parser, self._current, self._reading = None, None, None
        self.transport.set_protocol(tunnel)
        tunnel.connection_made(self.transport)
        self.transport.resume_reading()

    def shutdown(self) -> None:
        """Uvicorn asks to finish: idle connections close, busy ones after their answer."""
        if self._current is None:
            self.transport.close()
        else:
            self._current.keep_alive = False

    def check(self, now: float) -> None:
        """Close the connection if its client has kept it waiting too long. Called about four times a second."""
        wire, waited = self._app.wire, now - self.since
        if self._lingering:
            if waited > _LINGER_S:
                self.transport.abort()
        elif self.write_paused:
            if waited > wire.send_stall_s:
                self.transport.abort()
        elif self._in_head:
            if waited > wire.head_timeout_s:
                self._refuse(Refusal.TIMEOUT)
        elif self._current is None:
            if waited > wire.idle_timeout_s:
                self.transport.close()
        elif self._reading is self._current and self._current.wants_body and waited > wire.body_stall_s:
            self._refuse(Refusal.TIMEOUT)

    def _start(self, exchange: Exchange) -> None:
        self._current = exchange
        task = exchange.task = self.loop.create_task(exchange.run(self._app))
        self._state.tasks.add(task)

    def _check_head(self) -> Refusal | None:
        """What is wrong with the head that llhttp has accepted."""
        wire, framing, parser = self._app.wire, self._framing, self._parser
        if len(self._target) > wire.head_bytes // 4:
            return Refusal.TARGET_TOO_LONG
        if self._head_size > wire.head_bytes or len(self._headers) > wire.head_count:
            return Refusal.HEAD_TOO_LARGE
        method, version = parser.get_method(), parser.get_http_version()
        if method not in _METHODS:
            return Refusal.METHOD
        if version not in ("1.1", "1.0"):
            return Refusal.VERSION
        # llhttp forgives additional spaces, and takes RTSP for HTTP.
        if b"%b %b HTTP/%b\r\n" % (method, self._target, version.encode()) not in self._raw:
            return Refusal.MALFORMED
        if not framing:
            return None
        coding = framing.get(b"transfer-encoding")
        if coding is not None and (coding.lower() != b"chunked" or version == "1.0"):
            return Refusal.MALFORMED
        if b"expect" in framing and framing[b"expect"].lower() != b"100-continue":
            return Refusal.EXPECTATION
        has_body = coding is not None or framing.get(b"content-length", b"0").strip(b"0") != b""
        if parser.should_upgrade() and (has_body or method != b"GET"):
            return Refusal.MALFORMED  # llhttp would take the body for bytes of the new protocol
        return None

    def _scope(self) -> dict[str, Any]:
        raw_path, _, query = self._target.partition(b"?")
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": self._parser.get_http_version(),
            "method": self._parser.get_method().decode(),
            "scheme": "http",
            "path": raw_path.decode("latin-1"),
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": self._headers,
            "client": self.client,
            "server": self.server,
            "extensions": {},
        }

    def _refuse(self, refusal: Refusal) -> None:
        """Answer with ``refusal`` and close. An answer that is under way is finished first, and then nothing more."""
        if self._refused or self._closing:
            return
        self._refused, self._in_head = True, False
        if self._current is None:
            self.transport.write(refusal_bytes(refusal))
            self._close_gently()
        elif self._current is self._reading:
            self._current.refuse(refusal)
        elif self._reading is not None and self._queue:
            self._queue.remove(self._reading)

    def _close_gently(self) -> None:
        """Close so that a client that is still sending can read its answer first: a reset would destroy it."""
        if self.transport.is_closing() or self._lingering:
            return
        if self._reading is None and not self._refused:
            self.transport.close()
            return
        self._refused = self._lingering = True
        self.since = self.loop.time()
        self.transport.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()


def _address(name: Any) -> tuple[str, int]:
    return (str(name[0]), int(name[1])) if isinstance(name, (tuple, list)) and len(name) >= 2 else ("unix", 0)

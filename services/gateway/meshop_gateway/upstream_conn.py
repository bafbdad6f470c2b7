"""The upstream's side of HTTP/1.1: one connection, one request at a time, an answer that is whole or an error."""

import asyncio
from typing import Any

import httptools

_BODY_BUFFER = 65_536
_HEAD_BYTES = 65_536
_INTERIM_ANSWERS = 8


class UpstreamFailure(Exception):
    """The upstream did not answer properly. ``unseen``: it closed an idle connection before it read the request."""

    def __init__(self, reason: str, *, unseen: bool = False) -> None:
        self.reason, self.unseen = reason, unseen
        super().__init__(reason)


class UpstreamConnection(asyncio.Protocol):
    """Send with :meth:`start`, take the body with :meth:`read` until ``complete``."""

    __slots__ = (
        "_body", "_body_size", "_failure", "_head_size", "_head_waiter", "_interim", "_loop", "_parser", "_reader",
        "_served", "_without_body", "_write_waiter", "_writing_paused", "chunked", "complete", "framed", "headers",
        "idle_since", "open", "reusable", "status", "transport", "upgrade", "upgraded",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._parser: Any = httptools.HttpResponseParser(self)
        self._head_waiter: asyncio.Future[None] | None = None
        self._reader: asyncio.Future[None] | None = None
        self._write_waiter: asyncio.Future[None] | None = None
        self._writing_paused = False
        self._failure: UpstreamFailure | None = None
        self._body: list[bytes] = []
        self._served = 0
        self.open, self.reusable, self.complete, self.idle_since = False, False, True, 0.0
        self._reset(without_body=False, upgrade=False)

    def _reset(self, *, without_body: bool, upgrade: bool) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.upgraded, self.framed, self.chunked = b"", False, False
        self._head_size = self._body_size = self._interim = 0
        self._without_body, self.upgrade = without_body, upgrade

    # --- for the proxy

    def start(self, data: bytes, *, method: str, upgrade: bool = False) -> "asyncio.Future[None]":
        """Send a request's head, with its body or the beginning of it.

        The future ends when ``status`` and ``headers`` are there, or with :class:`UpstreamFailure`.
        """
        self._reset(without_body=method == "HEAD", upgrade=upgrade)
        self._body.clear()
        self.complete, self.reusable = False, False
        waiter = self._head_waiter = self._loop.create_future()
        if self._failure is None:
            self.transport.write(data)
        else:
            self._fail(self._failure)
        return waiter

    @property
    def exhausted(self) -> bool:
        """Whether all of the answer has come and was taken."""
        return self.complete and not self._body

    def take(self) -> bytes:
        """What has come of the body and was not taken yet."""
        body = self._body
        if not body:
            return b""
        data = body[0] if len(body) == 1 else b"".join(body)
        body.clear()
        if self._body_size > _BODY_BUFFER and self.open:
            self.transport.resume_reading()
        self._body_size = 0
        return data

    async def read(self) -> bytes:
        """The next piece of the body; empty at its end. Raises :class:`UpstreamFailure` if it breaks off."""
        while not self._body and not self.complete:
            if self._failure is not None:
                raise self._failure
            self._reader = self._loop.create_future()
            await self._reader
        return self.take()

    async def write(self, data: bytes) -> None:
        """Send more of the request's body, at the upstream's speed."""
        if self._failure is None:
            self.transport.write(data)
        while self._writing_paused and self._failure is None:
            self._write_waiter = self._loop.create_future()
            await self._write_waiter

    def abort(self) -> None:
        """Close without ceremony: nobody is interested in the rest."""
        self.open = self.reusable = False
        if self._head_waiter is not None:
            self._head_waiter.cancel()
        self.transport.abort()

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The connection is open."""
        self.transport, self.open = transport, True

    def data_received(self, data: bytes) -> None:
        """Parse a piece of the answer."""
        if self.complete:
            self._broken("spoke out of turn")
            return
        if self._head_waiter is not None:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if not self.upgrade:
                self._broken("changed the protocol unasked")
                return
            self.upgraded = data[upgrade.args[0] :]
            self.transport.pause_reading()
            self._head_arrived()
        except httptools.HttpParserError:
            self._broken("sent something that is not HTTP")
            return
        if self._head_waiter is not None and self._head_size > _HEAD_BYTES:
            self._broken("sent too many headers")

    def eof_received(self) -> bool:
        """The upstream has nothing more to say."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The end of an answer without a length, or a failure."""
        self.open = self.reusable = False
        if not self.complete and self._head_waiter is None and not self.framed:
            self._finish()
        unseen = self._served > 0 and self._head_size == 0 and not self.complete
        self._fail(UpstreamFailure("closed the connection", unseen=unseen))
        self._parser = None

    def pause_writing(self) -> None:
        """The upstream reads slowly."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """The upstream has caught up."""
        self._writing_paused = False
        _wake(self._write_waiter)

    # --- llhttp

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of the head; trailers are dropped."""
        if self._head_waiter is not None:
            self.headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is whole. Interim answers (1xx) are skipped, but for 101."""
        status = self._parser.get_status_code()
        if status < 200 and status != 101:
            return
        self.status = status
        for name, _ in self.headers:
            if name == b"content-length":
                self.framed = True
            elif name == b"transfer-encoding":
                self.framed = self.chunked = True
        if self._without_body or status in (204, 304):
            self.framed = True
        if status != 101:
            self._head_arrived()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._without_body:
            return
        self._body.append(body)
        self._body_size += len(body)
        if self._body_size > _BODY_BUFFER:
            self.transport.pause_reading()
        _wake(self._reader)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self.status == 0:
            self._interim += 1
            self.headers = []
            if self._interim > _INTERIM_ANSWERS:
                self._broken("sent too many interim answers")
        elif self.status != 101 and not self.complete:
            self.reusable = self.open and self.framed and self._parser.should_keep_alive()
            self._finish()

    # --- ends

    def _head_arrived(self) -> None:
        waiter, self._head_waiter = self._head_waiter, None
        _wake(waiter)
        if self._without_body and self.status != 101:
            # llhttp does not know that no body follows, so the parser cannot be used again.
            self.reusable = self.open and self._parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)
            self._finish()

    def _finish(self) -> None:
        self.complete = True
        self._served += 1
        _wake(self._reader)

    def _broken(self, reason: str) -> None:
        self._fail(UpstreamFailure(reason))
        self.abort()

    def _fail(self, failure: UpstreamFailure) -> None:
        if self._failure is None:
            self._failure = failure
        waiter, self._head_waiter = self._head_waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(self._failure)
        _wake(self._reader)
        _wake(self._write_waiter)


def _wake(waiter: "asyncio.Future[Any] | None") -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)

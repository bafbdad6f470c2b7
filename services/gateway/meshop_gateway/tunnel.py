"""Two connections that have stopped speaking HTTP (a WebSocket): what comes in on one goes out on the other."""

import asyncio


class Tunnel(asyncio.Protocol):
    """One end. Each end slows its sender to the speed of the other, and both close together."""

    __slots__ = ("_loop", "_other", "_transport", "closed", "last_byte")

    def __init__(self, other: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._other, self._loop = other, loop
        self._transport: asyncio.Transport | None = None
        self.last_byte = loop.time()
        self.closed: asyncio.Future[None] = loop.create_future()

    @classmethod
    def pair(
        cls, client: asyncio.Transport, upstream: asyncio.Transport, loop: asyncio.AbstractEventLoop
    ) -> tuple["Tunnel", "Tunnel"]:
        """The ends for ``client`` and for ``upstream``."""
        return cls(upstream, loop), cls(client, loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take over a connection that is already open."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        self.last_byte = self._loop.time()
        if not self._other.is_closing():
            self._other.write(data)

    def eof_received(self) -> bool:
        """One side has finished: so has the other."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other side after what is still to be written to it."""
        self._other.close()
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        """This side reads slowly: read less from the other."""
        if not self._other.is_closing():
            self._other.pause_reading()

    def resume_writing(self) -> None:
        """This side has caught up."""
        if not self._other.is_closing():
            self._other.resume_reading()

    def shutdown(self) -> None:
        """Uvicorn asks to finish."""
        self._other.close()
        if self._transport is not None:
            self._transport.close()

    def check(self, now: float) -> None:
        """Idle tunnels are closed by their route's idle timeout, which the proxy watches."""

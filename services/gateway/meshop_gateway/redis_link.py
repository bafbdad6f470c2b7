"""The gateway's connection to Redis: every command of one turn of the event loop goes out in one write.

redis-py spends more time on a command than the whole gateway may spend on a request, so this is a small client of its
own: RESP3 over hiredis' parser, commands of concurrent requests pipelined on one connection, and a hard bound on how
long anybody waits. It never raises into a request: an answer is a value, or ``None`` when Redis is not there.

RESP3 also lets Redis push: keys below the tracked prefixes are announced the moment they change (client side caching).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

import hiredis
import structlog

log = structlog.get_logger(__name__)

_SLOWEST_S = 0.1
_CONNECT_S = 1.0
_RETRY_S = (0.1, 2.0)


class RedisLink(asyncio.Protocol):
    """``up`` says whether commands are being answered. ``on_push`` gets changed keys, ``on_up`` a fresh connection."""

    def __init__(self, url: str | None, *, prefixes: tuple[bytes, ...] = ()) -> None:
        self._url = urlsplit(url) if url else None
        self._prefixes = prefixes
        self._reader = hiredis.Reader()
        self._transport: asyncio.Transport | None = None
        self._outbox: list[bytes] = []
        self._pending: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._late: tuple[float, asyncio.Future[Any]] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._lost = asyncio.Event()
        self.up = False
        self.scripts: dict[bytes, bytes] = {}
        self.on_push: Callable[[Iterable[bytes] | None], None] = lambda keys: None
        self.on_up: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Keep connected from now on."""
        self._loop = asyncio.get_running_loop()
        if self._url is not None:
            self._keeper = self._loop.create_task(self._keep_connected())

    async def stop(self) -> None:
        """Close for good."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._transport is not None:
            self._transport.abort()

    def send(self, *args: bytes) -> "asyncio.Future[Any]":
        """Queue one command; the future gives its answer, or ``None`` if Redis is down, slow or answers an error."""
        future: asyncio.Future[Any] = self._loop.create_future()
        if not self.up:
            future.set_result(None)
            return future
        self._write(args, future)
        return future

    def knock(self, _now: float) -> None:
        """Ask something when nobody else may, so that :meth:`check` finds out about a Redis that hangs."""
        if self.up and not self._pending:
            self.send(b"PING")

    def check(self, now: float) -> None:
        """Give up a connection that leaves an answer outstanding for too long. Called every few milliseconds.

        Only if it is late twice in a row: an event loop that was busy itself first has to read what came meanwhile.
        """
        late = self._pending[0] if self._pending and now - self._pending[0][0] > _SLOWEST_S else None
        if late is not None and late is self._late and self._transport is not None:
            self._transport.abort()
            self._down()
        self._late = late

    def _write(self, args: tuple[bytes, ...], future: "asyncio.Future[Any]") -> None:
        if not self._outbox:
            self._loop.call_soon(self._flush)
        self._outbox.append(hiredis.pack_command(args))  # type: ignore[arg-type]
        self._pending.append((self._loop.time(), future))

    def _flush(self) -> None:
        data = b"".join(self._outbox)
        self._outbox.clear()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    # --- connecting

    async def _keep_connected(self) -> None:
        pause, longest = _RETRY_S
        while True:
            try:
                await self._connect()
                pause = _RETRY_S[0]
                await self._lost.wait()
            except (OSError, TimeoutError, hiredis.HiredisError) as error:
                log.warning("redis unavailable", error=str(error) or type(error).__name__)
                if self._transport is not None:
                    self._transport.abort()
            await asyncio.sleep(pause)
            pause = min(longest, pause * 2)

    async def _connect(self) -> None:
        assert self._url is not None
        self._lost.clear()
        self._reader = hiredis.Reader()
        url = self._url
        async with asyncio.timeout(_CONNECT_S):
            await self._loop.create_connection(
                lambda: self,
                url.hostname or "localhost",
                url.port or 6379,
                ssl=url.scheme == "rediss" or None,
            )
            user, password = unquote(url.username or "default"), unquote(url.password or "")
            login = (b"AUTH", user.encode(), password.encode()) if password else ()
            await self._ask(b"HELLO", b"3", *login, b"SETNAME", b"meshop-gateway")
            await self._ask(b"SELECT", url.path.strip("/").encode() or b"0")
            for digest, source in self.scripts.items():
                if await self._ask(b"SCRIPT", b"LOAD", source) != digest:
                    raise hiredis.HiredisError("SCRIPT LOAD answered another digest")
            if self._prefixes:
                options = (part for prefix in self._prefixes for part in (b"PREFIX", prefix))
                await self._ask(b"CLIENT", b"TRACKING", b"ON", b"BCAST", b"NOLOOP", *options)
        self.up = True
        self.on_up()
        log.info("redis connected")

    async def _ask(self, *args: bytes) -> Any:
        future: asyncio.Future[Any] = self._loop.create_future()
        self._write(args, future)
        answer = await future
        if answer is None:
            raise hiredis.HiredisError(f"{args[0].decode()} was not answered")
        return answer

    def _down(self) -> None:
        if self.up:
            self.up = False
            log.warning("redis connection lost")
            self.on_push(None)
        self._outbox.clear()
        pending, self._pending = self._pending, deque()
        for _, future in pending:
            if not future.done():
                future.set_result(None)

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Connected, but not yet logged in."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Everybody who waits is told that there is no answer, and caches that no change is announced any more."""
        self._down()
        self._transport = None
        self._lost.set()

    def data_received(self, data: bytes) -> None:
        """Hand out answers in the order of the questions."""
        self._reader.feed(data)
        while (answer := self._reader.gets()) is not False:
            if isinstance(answer, hiredis.PushNotification):
                if answer[0] == b"invalidate":
                    self.on_push(answer[1])
                continue
            if not self._pending:
                continue
            _, future = self._pending.popleft()
            if isinstance(answer, hiredis.ReplyError):
                self._refused(str(answer))
                answer = None
            if not future.done():
                future.set_result(answer)

    def _refused(self, reason: str) -> None:
        log.error("redis refused a command", error=reason)
        if reason.startswith("NOSCRIPT"):  # somebody flushed the scripts
            for source in self.scripts.values():
                self._write((b"SCRIPT", b"LOAD", source), self._loop.create_future())

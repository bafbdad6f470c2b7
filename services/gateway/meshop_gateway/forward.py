"""Sending a request to its upstream: places, breaker, retries within a budget, hedging, and bodies as they come."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from meshop_gateway.compiled import Route
from meshop_gateway.errors import BadGateway, Overloaded
from meshop_gateway.flights import Flight
from meshop_gateway.telemetry import HEDGES, RETRIES, SHED
from meshop_gateway.upstream_conn import UpstreamConnection, UpstreamFailure
from meshop_shared.errors import PayloadTooLarge
from meshop_shared.resilience import BreakerOpen

Receive = Callable[[], Awaitable[dict[str, Any]]]
BUFFERED = 65_536
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_TRY_AGAIN = frozenset((502, 503, 504))
FAILED = frozenset((500, 502, 503, 504))
_PAUSE_S = (0.005, 0.025)


class ClientGone(Exception):
    """The client closed its connection before its request was whole."""


class Upload:
    """A request's body: all of it, if it is small, else its beginning and where the rest comes from."""

    __slots__ = ("_limit", "_receive", "chunked", "first", "more", "size")

    def __init__(self, receive: Receive, *, limit: int, chunked: bool) -> None:
        self._receive, self._limit, self.chunked = receive, limit, chunked
        self.first, self.more, self.size = b"", True, 0

    async def begin(self) -> None:
        """Take in up to 64 KB before any upstream is bothered: a slow client then only costs memory."""
        pieces = []
        while self.more and self.size <= BUFFERED:
            pieces.append(await self.piece())
        self.first = b"".join(pieces)

    def first_framed(self) -> bytes:
        """The beginning as it goes on the wire."""
        return self._framed(self.first) if self.more else self.first

    async def piece(self) -> bytes:
        """The next piece. Raises :class:`PayloadTooLarge`."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body: bytes = message.get("body", b"")
        self.more = message.get("more_body", False)
        self.size += len(body)
        if self.size > self._limit:
            raise PayloadTooLarge()
        return body

    async def pump(self, conn: UpstreamConnection) -> None:
        """Send the rest at the speed of the slower side."""
        while self.more:
            body = self._framed(await self.piece())
            if body:
                await conn.write(body)

    def _framed(self, body: bytes) -> bytes:
        if not self.chunked:
            return body
        return (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if self.more else b"0\r\n\r\n")


class Outgoing:
    """A request as the upstream gets it. ``data`` is its head and what is known of its body."""

    __slots__ = ("data", "method", "repeatable", "upgrade", "upload")

    def __init__(
        self,
        method: str,
        data: bytes,
        *,
        keyed: bool = False,
        upgrade: bool = False,
        upload: Upload | None = None,
    ) -> None:
        self.method, self.data, self.upgrade, self.upload = method, data, upgrade, upload
        #: Whether it may be sent twice: it changes nothing, or the upstream recognises it; and all of it is at hand.
        self.repeatable = (keyed or method in _SAFE) and (upload is None or not upload.more) and not upgrade


class Answering:
    """An upstream's answer whose head has come. Always give it back: then the breaker learns how it ended."""

    __slots__ = ("_epoch", "_judged", "_pump", "_route", "conn")

    def __init__(
        self, conn: UpstreamConnection, route: Route, pump: "asyncio.Task[None] | None", epoch: int
    ) -> None:
        self.conn, self._route, self._pump, self._epoch = conn, route, pump, epoch
        breaker = route.upstream.breaker
        self._judged = True
        if conn.status in FAILED:
            breaker.fail(epoch=epoch)
        elif conn.complete or route.spec.stream or conn.status == 101:
            breaker.succeed()
        else:
            self._judged = False  # half an answer is a failure, too

    async def read(self, flight: Flight) -> bytes:
        """The next piece of the body. Raises :class:`UpstreamFailure` if it breaks off."""
        try:
            return await self.conn.read()
        except (UpstreamFailure, asyncio.CancelledError) as error:
            if not self._judged and (
                isinstance(error, UpstreamFailure) or (flight.expired and not flight.hurried)
            ):
                self._judged = True
                self._route.upstream.breaker.fail(epoch=self._epoch)
            raise

    def release(self) -> None:
        """Return the connection, or close it if anything is left on it."""
        if not self._judged:
            self._judged = True
            breaker = self._route.upstream.breaker
            if self.conn.complete:
                breaker.succeed()
            else:
                breaker.abandon(epoch=self._epoch)
        if self._pump is not None and not self._pump.done():
            self._pump.cancel()
            self.conn.reusable = False
        self._route.upstream.release(self.conn)

    def detach(self) -> None:
        """Leave the connection to a tunnel."""
        self._route.upstream.detach()


async def send_request(route: Route, flight: Flight, outgoing: Outgoing) -> Answering:
    """Get the head of an answer, by more than one attempt if need be.

    Raises :class:`Overloaded`, :class:`BreakerOpen`, :class:`BadGateway` and :class:`PayloadTooLarge`.
    """
    upstream = route.upstream
    upstream.budget.earn()
    if not outgoing.repeatable:
        return await _translated(_attempt(route, flight, outgoing))
    tries = _hedged if route.hedge_s and outgoing.upload is None else _attempt
    retries = route.retries
    while True:
        try:
            answering = await tries(route, flight, outgoing)
            if answering.conn.status not in _TRY_AGAIN or retries <= 0 or not upstream.budget.spend():
                return answering
            answering.release()
        except UpstreamFailure as failure:
            # An idle connection that was closed in passing says nothing about the upstream: the pool has no more of
            # its kind after at most as many attempts as it has connections.
            if not failure.unseen and (retries <= 0 or not upstream.budget.spend()):
                raise _bad_gateway(failure) from failure
            if failure.unseen:
                continue
        retries -= 1
        RETRIES.labels(upstream.name).inc()
        await asyncio.sleep(random.uniform(*_PAUSE_S))  # noqa: S311 - spreads load, guards nothing


async def _attempt(route: Route, flight: Flight, outgoing: Outgoing) -> Answering:
    upstream, places, loop = route.upstream, route.places, route.upstream.loop
    if not places.try_enter() and not await places.enter():
        SHED.labels(route.template).inc()
        raise Overloaded
    try:
        flight.probe = upstream.breaker.admit()
    except BreakerOpen as error:
        places.leave(None)
        error.headers["Retry-After"] = "1"
        raise
    epoch = upstream.breaker.epoch
    conn: UpstreamConnection | None = None
    pump: asyncio.Task[None] | None = None
    sent_at = loop.time()
    try:
        conn = upstream.pooled() or await upstream.connect()
        flight.sent_at, flight.patience, flight.upstream = sent_at, 4 * places.baseline, upstream
        head = conn.start(outgoing.data, method=outgoing.method, upgrade=outgoing.upgrade)
        upload = outgoing.upload
        if upload is not None and upload.more:
            pump = loop.create_task(upload.pump(conn))
            pump.add_done_callback(_look_at)
            await _head_or_broken_upload(head, pump)
        await head
    except UpstreamFailure as failure:
        places.leave(None)
        if failure.unseen:
            upstream.breaker.abandon(epoch=epoch)
        else:
            upstream.breaker.fail(epoch=epoch)
        _drop(route, conn)
        raise
    except BaseException:
        # Out of time is the upstream's failure if it had the whole request and the time that the route gives.
        if flight.expired and not flight.hurried and (pump is None or pump.done()):
            places.leave(loop.time() - sent_at)
            upstream.breaker.fail(epoch=epoch)
        else:
            places.leave(None)
            upstream.breaker.abandon(epoch=epoch)
        _drop(route, conn)
        raise
    finally:
        flight.upstream = None
    now = loop.time()
    upstream.last_answer = now
    places.leave(now - sent_at)
    return Answering(conn, route, pump, epoch)


async def _head_or_broken_upload(head: "asyncio.Future[None]", pump: "asyncio.Task[None]") -> None:
    """Wait for the head of the answer, but not longer than the client's upload makes sense."""
    try:
        await asyncio.wait((head, pump), return_when=asyncio.FIRST_COMPLETED)
        if not head.done():
            pump.result()  # raises what broke the upload
            await head
    except BaseException:
        pump.cancel()
        raise


async def _hedged(route: Route, flight: Flight, outgoing: Outgoing) -> Answering:
    """A second attempt runs beside a first one that takes long; the first answer counts (Dean, Barroso 2013)."""
    loop = asyncio.get_running_loop()
    racing = {loop.create_task(_attempt(route, flight, outgoing))}
    winner: asyncio.Task[Answering] | None = None
    try:
        done, _ = await asyncio.wait(racing, timeout=route.hedge_s)
        if not done and route.upstream.budget.spend():
            HEDGES.labels(route.upstream.name).inc()
            racing.add(loop.create_task(_attempt(route, flight, outgoing)))
        pending = set(racing)
        while winner is None:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            winner = next((task for task in done if task.exception() is None), None)
            if winner is None and not pending:
                done.pop().result()  # raises
        return winner.result()
    finally:
        for task in racing - {winner}:
            task.cancel()
            task.add_done_callback(_release_late)


def _look_at(pump: "asyncio.Task[None]") -> None:
    """What broke an upload has been dealt with, or its answer came first."""
    if not pump.cancelled():
        pump.exception()


def _release_late(task: "asyncio.Task[Answering]") -> None:
    if not task.cancelled() and task.exception() is None:
        task.result().release()


async def _translated(attempt: Awaitable[Answering]) -> Answering:
    try:
        return await attempt
    except UpstreamFailure as failure:
        raise _bad_gateway(failure) from failure


def _bad_gateway(failure: UpstreamFailure) -> BadGateway:
    return BadGateway(extra={"reason": failure.reason})


def _drop(route: Route, conn: UpstreamConnection | None) -> None:
    if conn is not None:
        conn.reusable = False
        route.upstream.release(conn)

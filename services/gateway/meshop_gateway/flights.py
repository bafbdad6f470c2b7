"""The requests a worker has in progress, and the one clock that watches over them.

A timer per request would cost more than the rest of its bookkeeping, so nothing is scheduled per request: a ticker
looks at everything that can be late.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meshop_gateway.upstream import Upstream

_TICK_S = 0.02
#: A worker that is this late itself cannot blame anybody else.
_BUSY_S = 0.2


class Flight:
    """One request in progress. ``ends`` is when it is cancelled; then ``expired`` is true."""

    __slots__ = ("ends", "expired", "hurried", "patience", "probe", "sent_at", "started", "task", "upstream")

    def __init__(self, started: float, ends: float, task: "asyncio.Task[None] | None") -> None:
        self.started, self.ends, self.task, self.expired = started, ends, task, False
        #: Set while an upstream owes the head of its answer: since when, and how long is nothing unusual.
        self.upstream: Upstream | None = None
        self.sent_at = self.patience = 0.0
        self.probe = False
        #: The client gave it less time than its route would: running out says nothing about the upstream.
        self.hurried = False

    def remaining(self, now: float) -> float:
        """Seconds left of its budget."""
        return self.ends - now

    def expire(self) -> None:
        """Its time is up."""
        self.expired = True
        self.ends = float("inf")
        if self.task is not None:
            self.task.cancel()


class Watch:
    """Ticks about fifty times a second. ``often``, ``sometimes`` and ``rarely`` run every 20 ms, 250 ms and 1 s."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.flights: set[Flight] = set()
        self.often: list[Callable[[float], None]] = []
        self.sometimes: list[Callable[[float], None]] = []
        self.rarely: list[Callable[[float], None]] = []
        #: How late the last tick was, seconds: the delay that everything in this worker has.
        self.lag = 0.0

    async def run(self) -> None:
        """Tick until cancelled."""
        tick = 0
        while True:
            due = self._loop.time() + _TICK_S
            await asyncio.sleep(_TICK_S)
            now = self._loop.time()
            self.lag = now - due
            tick += 1
            self._expire(now)
            for check in self.often:
                check(now)
            if tick % 5 == 0 and self.lag < _BUSY_S:
                self._find_stalled(now)
            if tick % 12 == 0:
                for check in self.sometimes:
                    check(now)
            if tick % 50 == 0:
                for check in self.rarely:
                    check(now)

    def _expire(self, now: float) -> None:
        late = [flight for flight in self.flights if flight.ends <= now]
        for flight in late:
            flight.expire()

    def _find_stalled(self, now: float) -> None:
        """Open the breakers of upstreams that have fallen silent, long before requests time out.

        Silent: nobody was answered for ``stall_s``, and as many requests as would open the breaker by failing (or the
        one probe) have waited for longer than that and than is usual for their routes.
        """
        stalled: Counter[Upstream] = Counter()
        for flight in self.flights:
            upstream = flight.upstream
            if upstream is None or now - upstream.last_answer < upstream.spec.stall_s:
                continue
            if now - flight.sent_at > max(upstream.spec.stall_s, flight.patience):
                stalled[upstream] += upstream.spec.breaker_failures if flight.probe else 1
        for upstream, count in stalled.items():
            if count >= upstream.spec.breaker_failures:
                upstream.breaker.trip()

"""Shedding load before latency collapses: an adaptive bound on how many requests a route has in progress.

AIMD on latency. Every window compares its mean latency with what the route defends: the larger of a configured target
and twice the latency seen while the route was not busy. Above it the bound shrinks in proportion, below it the bound
grows if it was used. What does not fit waits briefly in a bounded queue and is then refused, which costs the client a
503 with Retry-After instead of everybody a time-out.
"""

import asyncio
from collections import deque

_WINDOW_S = 0.1
_WINDOW_SAMPLES = 10
_START = 32.0


class AdaptiveLimit:
    """One per route and worker."""

    __slots__ = (
        "_count", "_floor", "_loop", "_max", "_peak", "_queue_s", "_sum", "_target", "_waiting", "_window_end",
        "baseline", "in_flight", "limit", "shed",
    )  # fmt: skip

    def __init__(
        self, *, floor: int, ceiling: int, target_s: float, queue_s: float, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._floor, self._max, self._target, self._queue_s, self._loop = (
            floor,
            ceiling,
            target_s,
            queue_s,
            loop,
        )
        self.limit = min(float(ceiling), max(_START, float(floor)))
        self.in_flight = self.shed = 0
        #: Mean latency while fewer than half of the places were taken, seconds.
        self.baseline = 0.0
        self._count, self._sum, self._peak, self._window_end = 0, 0.0, 0, 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def try_enter(self) -> bool:
        """Take a place, if one is free and nobody waits for it."""
        if self.in_flight >= self.limit or self._waiting:
            return False
        self.in_flight += 1
        if self.in_flight > self._peak:
            self._peak = self.in_flight
        return True

    async def enter(self) -> bool:
        """Wait for a place for a moment; whether there was one."""
        if self.try_enter():
            return True
        if len(self._waiting) >= self.limit or not self._queue_s:
            self.shed += 1
            return False
        place: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(place)
        timer = self._loop.call_later(self._queue_s, place.cancel)
        try:
            await place
        except asyncio.CancelledError:
            if place in self._waiting:
                self._waiting.remove(place)
            elif place.done() and not place.cancelled():
                self.leave(None)  # given a place at the moment it was cancelled
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self.shed += 1
            return False
        finally:
            timer.cancel()
        return True

    def leave(self, latency: float | None) -> None:
        """Free the place. ``latency`` is ``None`` for requests that say nothing about the upstream's speed."""
        self.in_flight -= 1
        if latency is not None:
            self._count += 1
            self._sum += latency
            if self._count >= _WINDOW_SAMPLES:
                now = self._loop.time()
                if now >= self._window_end:
                    self._adjust(self._sum / self._count)
                    self._count, self._sum, self._peak = 0, 0.0, self.in_flight
                    self._window_end = now + _WINDOW_S
        while self._waiting and self.in_flight < self.limit:
            place = self._waiting.popleft()
            if not place.done():
                self.in_flight += 1
                place.set_result(None)

    def _adjust(self, mean: float) -> None:
        if self._peak * 2 <= self.limit:
            self.baseline += (mean - self.baseline) * (0.2 if self.baseline else 1.0)
        elif mean < self.baseline:
            self.baseline = mean
        defended = max(self._target, 2 * self.baseline)
        if mean > defended:
            self.limit = max(float(self._floor), self.limit * max(0.5, 0.9 * defended / mean))
        elif self._peak * 4 >= self.limit * 3:
            self.limit = min(float(self._max), self.limit + max(1.0, self.limit**0.5 / 2))

"""What is to be looked at: each key once, never by two workers at a time, later if asked for."""

import asyncio
import heapq
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)


class WorkQueue(Generic[KeyT]):
    """As in Kubernetes' own controllers: a key that is added while it is worked on comes again afterwards.

    One that is to come later comes at the earliest of the moments that were asked for.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ready: asyncio.Queue[KeyT] = asyncio.Queue()
        self._waiting: set[KeyT] = set()
        self._working: set[KeyT] = set()
        self._again: set[KeyT] = set()
        self._due: dict[KeyT, float] = {}
        self._later: list[tuple[float, int, KeyT]] = []
        self._count = 0
        self._nudge = asyncio.Event()

    def add(self, key: KeyT, after_s: float = 0.0) -> None:
        """Have ``key`` worked on, now or after some seconds."""
        if after_s <= 0:
            self._due.pop(key, None)
            self._add_now(key)
            return
        moment = self._clock() + after_s
        if moment < self._due.get(key, float("inf")):
            self._due[key] = moment
            self._count += 1
            heapq.heappush(self._later, (moment, self._count, key))
            self._nudge.set()

    async def get(self) -> KeyT:
        """The next key; tell :meth:`done` afterwards."""
        key = await self._ready.get()
        self._waiting.discard(key)
        self._working.add(key)
        return key

    def done(self, key: KeyT) -> None:
        """Work on ``key`` has ended."""
        self._working.discard(key)
        if key in self._again:
            self._again.discard(key)
            self._add_now(key)

    async def run(self) -> None:
        """Bring what is to come later, until cancelled."""
        while True:
            self._nudge.clear()
            wait_s = self._bring()
            try:
                await asyncio.wait_for(self._nudge.wait(), timeout=wait_s)
            except TimeoutError:
                pass

    def clear(self) -> None:
        """Forget everything that waits."""
        self._due.clear()
        self._later.clear()
        self._again.clear()
        while not self._ready.empty():
            self._waiting.discard(self._ready.get_nowait())

    def _add_now(self, key: KeyT) -> None:
        if key in self._working:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.put_nowait(key)

    def _bring(self) -> float | None:
        """Move what is due; seconds until the next one."""
        now = self._clock()
        while self._later and self._later[0][0] <= now:
            moment, _, key = heapq.heappop(self._later)
            if self._due.get(key) == moment:
                del self._due[key]
                self._add_now(key)
        return self._later[0][0] - now if self._later else None

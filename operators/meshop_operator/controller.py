"""Workers: they take what is to be looked at from the queue while this process leads."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from meshop_operator.api import Api, ApiError, Changed
from meshop_operator.deciding import Machine
from meshop_operator.leases import Leader, NotLeading
from meshop_operator.metrics import FAILURES, RECONCILE_SECONDS
from meshop_operator.reconciling import reconcile
from meshop_operator.values import Document
from meshop_operator.workqueue import WorkQueue

log = structlog.get_logger(__name__)

#: Kind and name of an object.
Key = tuple[str, str]
#: After a failure an object is looked at again after a second, then after two, and so on up to this.
RETRY_MAX_S = 30.0
#: One look asks some ten questions of a few seconds at most.
LOOK_S = 90.0


class Controller:
    """Knows which objects there are, and has each looked at when something happened to it."""

    def __init__(
        self, *, api: Api, leader: Leader, machines: Mapping[str, Machine[Any]], resync_s: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._api, self._leader, self._machines = api, leader, machines
        self._resync_s, self._clock = resync_s, clock
        self._queue: WorkQueue[Key] = WorkQueue()
        self._known: dict[Key, Document] = {}
        self._failures: Counter[Key] = Counter()

    def saw(self, kind: str, body: Document, *, gone: bool) -> None:
        """An object of ours was seen."""
        key = (kind, body["metadata"]["name"])
        if gone:
            self._known.pop(key, None)
            self._wake_waiting(kind)
            return
        phase = body.get("status", {}).get("phase", "")
        before = self._known.get(key, {}).get("phase", "")
        self._known[key] = {"phase": phase, "service": body["spec"].get("service", "")}
        self._wake(key)
        if phase != before:
            self._wake_waiting(kind)

    def wake_owner(self, kind: str, name: str) -> None:
        """Something happened to a child."""
        self._wake((kind, name))

    def wake_service(self, service: str) -> None:
        """Something happened to what serves it: whoever rolls something out for it looks."""
        for key, known in self._known.items():
            if known["service"] and known["service"] == service:
                self._wake(key)

    def wake_all(self) -> None:
        """Look at everything."""
        for key in self._known:
            self._wake(key)

    def forget(self) -> None:
        """Somebody else works now."""
        self._queue.clear()
        self._failures.clear()

    async def run(self, workers: int) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._queue.run())
            tasks.create_task(self._resync())
            for _ in range(workers):
                tasks.create_task(self._work())

    def _wake(self, key: Key) -> None:
        if self._leader.leads:
            self._queue.add(key)

    def _wake_waiting(self, kind: str) -> None:
        """Somebody may have given up what others wait for; the first of them is enough."""
        waiting = [
            key for key, known in self._known.items() if key[0] == kind and known["phase"] == "Pending"
        ]
        if len(waiting) <= _FEW:
            for key in waiting:
                self._wake(key)

    async def _resync(self) -> None:
        while True:
            await asyncio.sleep(self._resync_s)
            self.wake_all()

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            after_s: float | None = None
            try:
                if self._leader.leads:
                    after_s = await self._look(key)
            finally:
                self._queue.done(key)
            if after_s is not None:
                self._queue.add(key, after_s)

    async def _look(self, key: Key) -> float | None:
        """Look at one object; a failure is tried again later."""
        kind, name = key
        begin = time.monotonic()
        try:
            async with asyncio.timeout(LOOK_S):
                after_s = await reconcile(self._machines[kind], self._api, name, self._clock())
        except NotLeading:
            return None
        except Changed:
            return 0.05
        except (ApiError, TimeoutError) as error:
            return self._again_s(key, error)
        except Exception as error:  # one object must not stop the work on the others
            log.exception("reconcile failed", kind=kind, name=name)
            return self._again_s(key, error)
        finally:
            RECONCILE_SECONDS.labels(kind).observe(time.monotonic() - begin)
        self._failures.pop(key, None)
        return after_s

    def _again_s(self, key: Key, error: BaseException) -> float:
        self._failures[key] += 1
        FAILURES.labels(key[0], type(error).__name__).inc()
        wait_s = min(RETRY_MAX_S, 2.0 ** (self._failures[key] - 1))
        log.warning("look again", kind=key[0], name=key[1], error=str(error)[:300], after_s=wait_s)
        return wait_s


_FEW = 20

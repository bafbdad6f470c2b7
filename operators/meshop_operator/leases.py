"""One of several operators works: the one that holds the Lease.

Who does not hold it compares the Lease with what it was at the last look, by its own clock, so clocks need not agree.
The holder stops by itself (``renew_s``) before another may take over (``lease_s``): every write asks :meth:`check`.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from meshop_operator.api import AlreadyThere, Api, ApiError, Changed
from meshop_operator.kinds import LEASE
from meshop_operator.metrics import LEADER
from meshop_operator.values import Document

log = structlog.get_logger(__name__)


class NotLeading(Exception):
    """Another one works, or might: nothing may be written."""


class Leader:
    """Holds the Lease, or waits for it."""

    def __init__(
        self, *, api: Api, name: str, identity: str, lease_s: float, renew_s: float, retry_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        if not retry_s < renew_s < lease_s:
            raise ValueError("LEASE_RETRY_S is less than LEASE_RENEW_S, which is less than LEASE_S.")
        self._api, self._name, self._identity = api, name, identity
        self._lease_s, self._renew_s, self._retry_s, self._clock = lease_s, renew_s, retry_s, clock
        self._valid_until = 0.0
        self._seen: tuple[str, str, int] | None = None
        self._seen_at = 0.0

    @property
    def leads(self) -> bool:
        """Whether this one may work, at this moment."""
        return self._clock() < self._valid_until

    def check(self) -> None:
        """Raise :class:`NotLeading` unless this one may write."""
        if not self.leads:
            raise NotLeading

    async def run(self, *, gained: Callable[[], None], lost: Callable[[], None]) -> None:
        """Try to hold it until cancelled, and say when that changes."""
        led = False
        while True:
            begin = self._clock()
            try:
                if await self._try():
                    # Between two renewals it may have been over for a moment: what was not done then is done now.
                    led = led and self.leads
                    self._valid_until = begin + self._renew_s
            except ApiError as error:
                log.warning("lease not renewed", error=str(error))
            if self.leads != led:
                led = self.leads
                LEADER.set(int(led))
                log.info("leading" if led else "not leading", identity=self._identity)
                (gained if led else lost)()
            await asyncio.sleep(self._retry_s)

    async def release(self) -> None:
        """Let another one take it at once."""
        if not self.leads:
            return
        self._valid_until = 0.0
        try:
            lease = await self._api.get(LEASE, self._name)
            if lease and lease["spec"].get("holderIdentity") == self._identity:
                lease["spec"] |= {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": _micro_now()}
                await self._api.replace(LEASE, self._name, lease)
        except ApiError as error:
            log.warning("lease not released", error=str(error))

    async def _try(self) -> bool:
        """Renew it, or take it if it may be taken; whether it is ours now."""
        lease = await self._api.get(LEASE, self._name)
        if lease is None:
            spec = self._spec({}, transitions=0)
            try:
                await self._api.create(LEASE, {"metadata": {"name": self._name}, "spec": spec})
            except AlreadyThere:
                return False
            return True
        spec = lease["spec"]
        holder = spec.get("holderIdentity") or ""
        if holder != self._identity and holder and not self._is_over(spec):
            return False
        transitions = int(spec.get("leaseTransitions") or 0) + (holder != self._identity)
        lease["spec"] = self._spec(spec, transitions=transitions)
        try:
            await self._api.replace(LEASE, self._name, lease)
        except Changed:
            return False
        return True

    def _is_over(self, spec: Document) -> bool:
        """Whether it has not been renewed for its time, counted from when we first saw it as it is."""
        seen = (
            spec.get("holderIdentity", ""),
            spec.get("renewTime", ""),
            int(spec.get("leaseTransitions") or 0),
        )
        now = self._clock()
        if seen != self._seen:
            self._seen, self._seen_at = seen, now
        return now - self._seen_at > self._lease_s

    def _spec(self, before: Document, *, transitions: int) -> Document:
        mine = before.get("holderIdentity") == self._identity
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": max(1, round(self._lease_s)),
            "acquireTime": before.get("acquireTime", _micro_now()) if mine else _micro_now(),
            "renewTime": _micro_now(),
            "leaseTransitions": transitions,
        }


def _micro_now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

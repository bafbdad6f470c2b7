"""Request limits that are exact across replicas while Redis answers, and hold per replica while it does not.

GCRA (ITU-T I.371) keeps one number per key, the theoretical arrival time (TAT): a request is late enough if the TAT it
would leave behind is at most the whole burst ahead of now. One Lua script checks and charges every limit of a request
in one round trip, on Redis' clock, and charges none of them if any refuses.

Each worker also keeps the debt (TAT minus now) that it last saw of each key. It serves three purposes: a key that is
known to be exhausted is refused without asking; when Redis goes, counting goes on from what is known, at a worker's
share of the rate; and when Redis comes back empty, the limit of this replica still holds.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from meshop_gateway.redis_link import RedisLink
from meshop_gateway.routes import LimitSpec
from meshop_shared.errors import RateLimited

_MOST_KEYS = 100_000
#: KEYS: one per limit. ARGV: its emission interval and its burst, microseconds.
#: Returns 1 or 0, then each key's debt; if refused, the debts are those before this request.
_GCRA = b"""
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local allowed, debts = 1, {}
for i, key in ipairs(KEYS) do
  local tat = tonumber(redis.call('GET', key) or 0)
  if tat < now then tat = now end
  debts[i] = tat - now
  if debts[i] + ARGV[2 * i - 1] > ARGV[2 * i] + 0 then allowed = 0 end
end
if allowed == 1 then
  for i, key in ipairs(KEYS) do
    debts[i] = debts[i] + ARGV[2 * i - 1]
    redis.call('SET', key, string.format('%.0f', now + debts[i]), 'PX', math.ceil(debts[i] / 1000) + 1)
  end
end
return {allowed, unpack(debts)}
"""
_SHA = hashlib.sha1(_GCRA, usedforsecurity=False).hexdigest().encode()


class Limit:
    """A limit of a route, ready to be applied."""

    __slots__ = ("_arguments", "burst", "interval", "per", "policy", "prefix", "requests")

    def __init__(self, spec: LimitSpec, *, route: str) -> None:
        self.per, self.requests = spec.per, spec.requests
        #: Seconds that one request costs, and seconds of credit that a rested client has.
        self.interval, self.burst = spec.seconds / spec.requests, spec.seconds
        self.prefix = f"limit:{spec.bucket or route}:{spec.per}:"
        self.policy = b"%d;w=%d" % (spec.requests, math.ceil(spec.seconds))
        self._arguments = (
            b"%d" % round(self.interval * 1e6),
            b"%d" % round(self.interval * 1e6 * spec.requests),
        )

    @property
    def arguments(self) -> tuple[bytes, bytes]:
        """For the script."""
        return self._arguments


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for the limit that is closest to its end."""

    limit: Limit
    debt: float

    def headers(self) -> list[tuple[bytes, bytes]]:
        """``RateLimit-*`` fields (draft-ietf-httpapi-ratelimit-headers)."""
        left = max(0, int((self.limit.burst - self.debt) / self.limit.interval + 1e-6))
        return [
            (b"ratelimit-limit", b"%d" % self.limit.requests),
            (b"ratelimit-remaining", b"%d" % left),
            (b"ratelimit-reset", b"%d" % math.ceil(self.debt)),
            (b"ratelimit-policy", self.limit.policy),
        ]


class Limiter:
    """Applies limits. ``workers`` share this replica's allowance while Redis is away."""

    def __init__(self, redis: RedisLink, *, workers: int, clock: Callable[[], float]) -> None:
        self._redis, self._workers, self._clock = redis, workers, clock
        #: Key -> the time (local clock) at which its debt is paid.
        self._paid_at: dict[str, float] = {}
        redis.scripts[_SHA] = _GCRA

    async def charge(self, limits: Sequence[tuple[Limit, str]]) -> Verdict:
        """Charge a request to each ``(limit, who)``. Raises :class:`RateLimited`; then nothing was charged."""
        keys = [limit.prefix + who for limit, who in limits]
        now = self._clock()
        known = self._known(keys, now)
        _refuse_exhausted(limits, known, share=1)
        if self._redis.up:
            arguments = [argument for limit, _ in limits for argument in limit.arguments]
            answer = await self._redis.send(
                b"EVALSHA", _SHA, b"%d" % len(keys), *[key.encode() for key in keys], *arguments
            )
            if answer is not None:
                debts = [debt / 1e6 for debt in answer[1:]]
                if not answer[0]:
                    self._remember(keys, debts, now)
                    _refuse_exhausted(limits, debts, share=1)
                    raise RateLimited.retry_after(1)  # refused by less than floats can tell
                # If Redis has forgotten what this worker remembers, the worker's count stands.
                charged = [debt + limit.interval for debt, (limit, _) in zip(known, limits, strict=True)]
                return self._remembered(limits, keys, list(map(max, debts, charged)), now)
            now = self._clock()
            known = self._known(keys, now)
        _refuse_exhausted(limits, known, share=self._workers)
        debts = [
            debt + limit.interval * self._workers for debt, (limit, _) in zip(known, limits, strict=True)
        ]
        return self._remembered(limits, keys, debts, now)

    def _known(self, keys: list[str], now: float) -> list[float]:
        return [max(0.0, self._paid_at.get(key, 0.0) - now) for key in keys]

    def _remembered(
        self, limits: Sequence[tuple[Limit, str]], keys: list[str], debts: list[float], now: float
    ) -> Verdict:
        self._remember(keys, debts, now)
        closest = max(range(len(debts)), key=lambda i: debts[i] / limits[i][0].burst)
        return Verdict(limits[closest][0], debts[closest])

    def _remember(self, keys: list[str], debts: list[float], asked_at: float) -> None:
        """Redis measured the debts after ``asked_at``, so what is remembered is never more than what is owed."""
        if len(self._paid_at) >= _MOST_KEYS:
            self._forget(asked_at)
        for key, debt in zip(keys, debts, strict=True):
            self._paid_at[key] = max(asked_at + debt, self._paid_at.get(key, 0.0))

    def _forget(self, now: float) -> None:
        """Drop paid debts; if too many are left, the oldest entries too (Redis still knows them)."""
        self._paid_at = {key: paid for key, paid in self._paid_at.items() if paid > now}
        for key in list(self._paid_at)[: max(0, len(self._paid_at) - _MOST_KEYS // 2)]:
            del self._paid_at[key]


def _refuse_exhausted(limits: Sequence[tuple[Limit, str]], debts: list[float], *, share: int) -> None:
    for (limit, _), debt in zip(limits, debts, strict=True):
        over = debt + limit.interval * share - limit.burst
        if over > 1e-6:
            refused = RateLimited.retry_after(math.ceil(over))
            refused.headers.update((n.decode(), v.decode()) for n, v in Verdict(limit, debt).headers())
            raise refused

"""Answers to anonymous GETs, kept in memory and shared through Redis, dead the moment what they show has changed.

A route names the *stamps* that its answers depend on. The backend bumps a stamp in Redis after each commit that changes
what the public sees; Redis pushes that to every worker at once (client side caching), so a cached answer costs no round
trip and still dies within the time a packet needs. While the connection is gone nothing cached is served.

Single flight holds in a worker through one task per key, and across workers and replicas through a lock in Redis: who
holds it asks the upstream and leaves the answer for the others. After ``ttl_s`` the old answer is served for
``stale_s`` more while one flight renews it (RFC 5861).
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import orjson

from meshop_gateway.headers import Headers
from meshop_gateway.redis_link import RedisLink
from meshop_gateway.routes import CacheSpec

STAMP_PREFIX = b"stamp:"
_LOCK_MS = 5_000
_POLL_S = 0.01
_SHARED_GRACE_S = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What an upstream answered. Only those with a ``ttl_s`` above zero are kept."""

    status: int
    headers: Headers
    body: bytes
    ttl_s: float = 0.0
    etag: bytes = b""
    made_at: float = field(default_factory=time.time)

    def age(self) -> float:
        """Seconds since the upstream made it."""
        return max(0.0, time.time() - self.made_at)

    def packed(self) -> bytes:
        """For Redis."""
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in self.headers]
        head = orjson.dumps([self.status, headers, self.ttl_s, self.etag.decode("latin-1"), self.made_at])
        return b"%d\n%b%b" % (len(head), head, self.body)

    @classmethod
    def unpacked(cls, data: bytes) -> "Answer":
        """The inverse of :meth:`packed`."""
        size, _, rest = data.partition(b"\n")
        status, headers, ttl_s, etag, made_at = orjson.loads(rest[: int(size)])
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return cls(status, pairs, rest[int(size) :], ttl_s, etag.encode("latin-1"), made_at)


@dataclass(slots=True)
class _Entry:
    answer: Answer
    stamps: tuple[bytes, ...]
    generation: int


Fetch = Callable[[], Awaitable[Answer]]
_UNCACHEABLE_S = 30.0
_MOST_UNCACHEABLE = 10_000


class Uncacheable(Exception):
    """The answer may not be shared: each request has to get its own."""


class AnswerCache:
    """One per worker. :meth:`get` is the whole interface; ``purge`` is what Redis calls when stamps change."""

    def __init__(self, redis: RedisLink, *, max_bytes: int) -> None:
        self._redis, self._max_bytes = redis, max_bytes
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._flights: dict[tuple[bytes, int], asyncio.Task[Answer]] = {}
        self._bytes = 0
        #: Keys whose answers were found not to be shareable, and until when that is remembered.
        self._uncacheable: dict[bytes, float] = {}
        #: Counts changes of each stamp that Redis announced to this worker.
        self._changes: dict[bytes, int] = {}
        self._epoch = 0
        redis.on_push = self.purge

    @property
    def usable(self) -> bool:
        """Whether changes are being announced; without that nothing may be served from memory."""
        return self._redis.up and self._max_bytes > 0

    @property
    def size(self) -> tuple[int, int]:
        """Entries and bytes."""
        return len(self._entries), self._bytes

    def purge(self, keys: Iterable[bytes] | None) -> None:
        """``keys`` have changed in Redis; ``None`` means that anything may have."""
        if keys is None:
            self._epoch += 1
            self._entries.clear()
            self._bytes = 0
            return
        for key in keys:
            self._changes[key] = self._changes.get(key, 0) + 1

    def fresh_or_stale(self, key: bytes, spec: CacheSpec) -> tuple[Answer, bool] | None:
        """The kept answer and whether it is still fresh; ``None`` if there is none that may be served."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        age = entry.answer.age()
        if entry.generation != self._generation(entry.stamps) or age > entry.answer.ttl_s + spec.stale_s:
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.answer, age <= entry.answer.ttl_s

    async def get(self, key: bytes, spec: CacheSpec, fetch: Fetch) -> tuple[Answer, str]:
        """The answer for ``key``, and ``hit``, ``stale`` or ``miss``.

        However many ask at once, ``fetch`` runs once. Raises what it raises, :class:`Uncacheable` among others.
        """
        kept = self.fresh_or_stale(key, spec)
        if kept is not None and kept[1]:
            return kept[0], "hit"
        if self._uncacheable.get(key, 0.0) > time.monotonic():
            raise Uncacheable
        flight = self._flight(key, tuple(STAMP_PREFIX + stamp.encode() for stamp in spec.stamps), fetch)
        if kept is not None:
            flight.add_done_callback(_look_at)
            return kept[0], "stale"
        return await asyncio.shield(flight), "miss"

    def _generation(self, stamps: tuple[bytes, ...]) -> int:
        return self._epoch + sum(self._changes.get(stamp, 0) for stamp in stamps)

    def _flight(self, key: bytes, stamps: tuple[bytes, ...], fetch: Fetch) -> "asyncio.Task[Answer]":
        # Who asks after a change must not get what was fetched before it: each generation has its own flight.
        flight_key = (key, self._generation(stamps))
        task = self._flights.get(flight_key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._fly(key, stamps, fetch))
            self._flights[flight_key] = task
            task.add_done_callback(lambda _: self._flights.pop(flight_key))
        return task

    async def _fly(self, key: bytes, stamps: tuple[bytes, ...], fetch: Fetch) -> Answer:
        generation = self._generation(stamps)
        name = b"answer:gateway:" + hashlib.sha1(key, usedforsecurity=False).hexdigest().encode()
        lock, waited_until = name + b":lock", time.monotonic() + _LOCK_MS / 1000
        while True:
            found = await self._redis.send(b"MGET", *stamps, name)
            if found is None:
                return await fetch()
            *values, shared = found
            head = b".".join(value or b"0" for value in values) + b"\n"
            if shared is not None and shared.startswith(head):
                answer = Answer.unpacked(shared[len(head) :])
                if answer.age() <= answer.ttl_s:
                    self._keep(key, answer, stamps, generation)
                    return answer
            taken = await self._redis.send(b"SET", lock, b"1", b"NX", b"PX", b"%d" % _LOCK_MS)
            if taken is not None or not self._redis.up or time.monotonic() > waited_until:
                break
            await asyncio.sleep(_POLL_S)
        try:
            answer = await fetch()
            if answer.ttl_s > 0:
                expiry = b"%d" % round((answer.ttl_s + _SHARED_GRACE_S) * 1000)
                await self._redis.send(b"SET", name, head + answer.packed(), b"PX", expiry)
                self._keep(key, answer, stamps, generation)
        except Uncacheable:
            if len(self._uncacheable) >= _MOST_UNCACHEABLE:
                self._uncacheable.clear()
            self._uncacheable[key] = time.monotonic() + _UNCACHEABLE_S
            raise
        finally:
            self._redis.send(b"DEL", lock)
        return answer

    def _keep(self, key: bytes, answer: Answer, stamps: tuple[bytes, ...], generation: int) -> None:
        """Keep ``answer`` unless something it depends on has changed since its flight began."""
        if generation != self._generation(stamps) or not self.usable:
            return
        self._drop(key)
        self._entries[key] = _Entry(answer, stamps, generation)
        self._bytes += _cost(key, answer)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= _cost(key, entry.answer)


def _cost(key: bytes, answer: Answer) -> int:
    return len(key) + len(answer.body) + 1024


def _look_at(task: "asyncio.Task[Answer]") -> None:
    """A renewal in the background may fail; the old answer was served, and the next request tries again."""
    if not task.cancelled():
        task.exception()

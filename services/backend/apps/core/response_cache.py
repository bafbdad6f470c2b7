"""Rendered public answers in Redis, valid exactly as long as nothing they show has changed.

Each answer is stored with the *stamps* of what it was made from. A write bumps a stamp after its commit, and every
answer that carries the old one is dead from then on. A writer that dies between commit and bump leaves answers
stale for at most ``MAX_AGE_S``. Without Redis nothing is cached.
"""

import hashlib
from collections.abc import Callable
from functools import cache, partial

import redis
import structlog
from django.conf import settings
from django.db import transaction

MAX_AGE_S = 30
#: Catalogue: names, prices, membership of lists. Stock: what can be sold now.
CATALOGUE, STOCK = "catalogue", "stock"

log = structlog.get_logger(__name__)


@cache
def _client() -> "redis.Redis[bytes]":
    return redis.Redis.from_url(settings.MESHOP.redis_url, socket_timeout=0.2, socket_connect_timeout=0.2)


def cached_bytes(*, name: str, stamps: tuple[str, ...], make: Callable[[], bytes | None]) -> bytes | None:
    """Return the stored bytes of ``name``, or ``make`` and store them. ``None`` is never stored.

    The stamps are read before ``make`` runs: a write that lands meanwhile makes the stored answer dead on arrival.
    """
    key = f"answer:{hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()}"
    try:
        *current, stored = _client().mget([*(f"stamp:{stamp}" for stamp in stamps), key])
    except redis.RedisError as error:
        log.warning("response cache unavailable", error=type(error).__name__)
        return make()
    head = b".".join(stamp or b"0" for stamp in current) + b"\n"
    if stored is not None and stored.startswith(head):
        return bytes(stored[len(head) :])
    made = make()
    if made is not None:
        try:
            _client().set(key, head + made, ex=MAX_AGE_S)
        except redis.RedisError as error:
            log.warning("response cache unavailable", error=type(error).__name__)
    return made


def stamp_bump(stamp: str) -> None:
    """Kill every answer made from ``stamp``, once the current transaction has committed."""
    transaction.on_commit(partial(_bump, stamp), robust=True)


def _bump(stamp: str) -> None:
    try:
        _client().incr(f"stamp:{stamp}")
    except redis.RedisError as error:
        log.warning("response cache unavailable", error=type(error).__name__)

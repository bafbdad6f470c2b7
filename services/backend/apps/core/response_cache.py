"""Rendered public answers in Redis, valid exactly as long as nothing they show has changed.

Each answer is stored with the *stamps* of what it was made from. A write renews a stamp after its commit, and every
answer that carries the old one is dead from then on. Stamps are random, so one that Redis lost never comes back.
A writer that dies between commit and renewal leaves answers stale for at most ``MAX_AGE_S``. Without Redis nothing
is cached, and nothing is cached from inside a transaction either: what it reads may never be committed.
"""

import hashlib
import secrets
from collections.abc import Callable
from functools import partial
from typing import cast

import redis
import structlog
from django.db import connection, transaction

from apps.core.redis_client import redis_client

MAX_AGE_S = 30
#: Larger answers are made anew each time instead of filling Redis.
MAX_BYTES = 512_000
#: Catalogue: names, prices, membership of lists. Stock: what can be sold now.
CATALOGUE, STOCK = "catalogue", "stock"
#: Redis tells every gateway when a key that begins so has changed; their routes name the stamps they depend on.
GATEWAY_STAMPS = "stamp:"

log = structlog.get_logger(__name__)


def _prefix() -> str:
    """Answers made from another database, as that of a test run, are not ours."""
    return str(connection.settings_dict["NAME"])


def _read(key: str, stamps: list[str]) -> tuple[bytes, bytes | None]:
    """Return what a live answer starts with, and the stored answer. A stamp that Redis does not have is drawn anew."""
    *current, stored = cast("list[bytes | None]", redis_client().mget([*stamps, key]))
    if None in current:
        with redis_client().pipeline(transaction=False) as pipeline:
            for stamp in stamps:
                pipeline.set(stamp, secrets.token_hex(8), nx=True)
            pipeline.mget(stamps)
            current = pipeline.execute()[-1]
    return b".".join(stamp or b"" for stamp in current) + b"\n", stored


def cached_bytes(
    *, name: str, stamps: tuple[str, ...], make: Callable[[], bytes | None], max_age_s: int = MAX_AGE_S
) -> bytes | None:
    """Return the stored bytes of ``name``, or ``make`` and store them. ``None`` is never stored.

    The stamps are read before ``make`` runs: a write that lands meanwhile makes the stored answer dead on arrival.
    """
    if connection.in_atomic_block:
        return make()
    prefix = _prefix()
    key = f"{prefix}:answer:{hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()}"
    try:
        head, stored = _read(key, [f"{prefix}:stamp:{stamp}" for stamp in stamps])
    except redis.RedisError as error:
        log.warning("response cache unavailable", error=type(error).__name__)
        return make()
    if stored is not None and stored.startswith(head):
        return stored[len(head) :]
    made = make()
    if made is not None and len(made) <= MAX_BYTES:
        try:
            redis_client().set(key, head + made, ex=max_age_s)
        except redis.RedisError as error:
            log.warning("response cache unavailable", error=type(error).__name__)
    return made


def cached_number(*, name: str, stamps: tuple[str, ...], make: Callable[[], int]) -> int:
    """Like :func:`cached_bytes`, for a number that is slow to work out, as the length of a list."""
    return int(cached_bytes(name=name, stamps=stamps, make=lambda: b"%d" % make()) or b"0")


def stamp_bump(stamp: str) -> None:
    """Kill every answer made from ``stamp``, here and in the gateways, once the current transaction has committed."""
    transaction.on_commit(partial(_renew, stamp), robust=True)


def _renew(stamp: str) -> None:
    """Renew our stamp and that of the gateways at once: one that asks again must not get an answer that was ours."""
    drawn = secrets.token_hex(8)
    try:
        redis_client().mset({f"{_prefix()}:stamp:{stamp}": drawn, f"{GATEWAY_STAMPS}{stamp}": drawn})
    except redis.RedisError as error:
        log.warning("response cache unavailable", error=type(error).__name__)

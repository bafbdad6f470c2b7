"""Counting requests and failures in Redis, to slow down abuse.

All limits are off with ``RATE_LIMIT=off``, and without Redis nobody is blocked: a guard that is down must not close
the shop. Windows are fixed; they start with the first hit and Redis forgets them.
"""

import hashlib
from ipaddress import ip_address

import redis
import structlog
from django.conf import settings
from django.http import HttpRequest

from apps.core.redis_client import redis_client
from meshop_shared.errors import RateLimited

log = structlog.get_logger(__name__)


def client_ip(request: HttpRequest) -> str:
    """Address of the caller: the peer, or what proxies listed in ``TRUSTED_PROXIES`` say about theirs."""
    hops = [*request.headers.get("X-Forwarded-For", "").split(","), request.META.get("REMOTE_ADDR", "")]
    caller = ""
    for hop in reversed(hops):
        try:
            address = ip_address(hop.strip())
        except ValueError:
            break
        caller = str(address)
        if not any(address in network for network in settings.MESHOP.trusted_proxies):
            break
    return caller


def limit_hit(*, name: str, key: str, limit: int, window_s: int) -> None:
    """Count one hit of ``key`` and raise ``RateLimited`` if it is beyond ``limit`` within ``window_s`` seconds."""
    count, wait_s = _count(name, key, window_s)
    if count > limit:
        raise RateLimited.retry_after(wait_s)


def failures_check(*, name: str, key: str, limit: int) -> None:
    """Raise ``RateLimited`` if ``key`` has failed ``limit`` times in the current window."""
    if settings.MESHOP.rate_limit == "off":
        return
    redis_key = _redis_key(name, key)
    try:
        with redis_client().pipeline(transaction=False) as pipeline:
            pipeline.get(redis_key)
            pipeline.pttl(redis_key)
            count, wait_ms = pipeline.execute()
    except redis.RedisError as error:
        log.warning("rate limit unavailable", limit=name, error=type(error).__name__)
        return
    if int(count or 0) >= limit:
        raise RateLimited.retry_after(wait_ms / 1000)


def failure_record(*, name: str, key: str, window_s: int) -> None:
    """Count one failure of ``key``."""
    _count(name, key, window_s)


def _count(name: str, key: str, window_s: int) -> tuple[int, float]:
    if settings.MESHOP.rate_limit == "off":
        return 0, 0.0
    redis_key = _redis_key(name, key)
    try:
        with redis_client().pipeline(transaction=True) as pipeline:
            pipeline.set(redis_key, 0, ex=window_s, nx=True)
            pipeline.incr(redis_key)
            pipeline.pttl(redis_key)
            _, count, wait_ms = pipeline.execute()
    except redis.RedisError as error:
        log.warning("rate limit unavailable", limit=name, error=type(error).__name__)
        return 0, 0.0
    return int(count), wait_ms / 1000


def _redis_key(name: str, key: str) -> str:
    """Hashed, so that Redis holds no e-mail address and no key is longer than it should be."""
    return f"limit:{name}:{hashlib.sha256(key.encode()).hexdigest()[:32]}"

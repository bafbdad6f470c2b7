"""The process's one Redis client, for what we can do without: caches and limits."""

from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


@cache
def redis_client() -> redis.Redis:
    """Client that gives up quickly and at once: a lost Redis must not slow down every request."""
    return redis.Redis.from_url(
        settings.MESHOP.redis_url,
        socket_timeout=0.2,
        socket_connect_timeout=0.2,
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[],
    )

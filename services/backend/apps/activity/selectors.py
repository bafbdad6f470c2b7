"""Reading what visitors did."""

from typing import cast

import redis

from apps.activity import keys
from apps.activity.visitors import visitor_of
from apps.core.redis_client import redis_client


def recently_viewed_ids(*, user_id: int | None, token: str | None, limit: int) -> list[int]:
    """Products that the visitor looked at, latest first; none when Redis is away or the visitor is not known."""
    visitor = visitor_of(user_id=user_id, token=token)
    if not visitor or limit <= 0:
        return []
    try:
        found = cast("list[bytes]", redis_client().lrange(f"{keys.RECENT}:{visitor}", 0, limit - 1))
    except redis.RedisError:
        return []
    return [int(product) for product in found]

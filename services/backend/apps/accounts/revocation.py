"""Telling the gateways which sessions have ended.

The backend asks its database. AI services have none of their own accounts: the gateway checks for them, in Redis, for
a mark that lives as long as the last access token of the session can. A mark that could not be written is not repeated:
such a token then works on those routes until it expires, ``ACCESS_TOKEN_S`` at most.
"""

from collections.abc import Iterable
from uuid import UUID

import redis
import structlog
from django.conf import settings

from apps.core.redis_client import redis_client

#: Followed by the session's id. Gateways ask for these keys.
REVOKED = "revoked:sid:"
#: Clocks may differ by so much.
_SKEW_S = 300

log = structlog.get_logger(__name__)


def revocation_announce(family_ids: Iterable[UUID]) -> None:
    """Mark sessions as ended. Call it after the commit."""
    try:
        with redis_client().pipeline(transaction=False) as pipeline:
            for family_id in family_ids:
                pipeline.set(f"{REVOKED}{family_id}", 1, ex=settings.MESHOP.access_token_s + _SKEW_S)
            pipeline.execute()
    except redis.RedisError as error:
        log.warning("revocation not announced", error=type(error).__name__)

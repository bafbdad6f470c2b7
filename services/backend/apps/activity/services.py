"""Noting what visitors do without making them wait for it.

A note is one command of Redis: an entry of a stream. Every few seconds the entries become rows, in one statement, and
one event tells that they are there. An entry is deleted after its row has been committed and named in it, so a flush
that dies, or comes twice, loses and doubles nothing. What Redis loses is lost: nothing in the shop depends on it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import redis
import structlog
from django.db import connection, transaction
from django.utils import timezone

from apps.activity import keys
from apps.activity.models import Activity
from apps.activity.visitors import visitor_of
from apps.core.events import event_emit
from apps.core.redis_client import redis_client

KEEP_DAYS = 90
#: Entries that may wait; should nobody take them, the oldest go.
_MOST_WAITING = 100_000
_BATCH, _BATCHES = 2_000, 100
_RECENT_KEPT, _RECENT_S = 20, 30 * 24 * 3600
#: Another look at a product within this time is the same view.
_SAME_VIEW_S = 1800
_NOTE = """
if ARGV[1] == 'viewed' and ARGV[2] ~= '' then
    redis.call('LREM', KEYS[2], 0, ARGV[4])
    redis.call('LPUSH', KEYS[2], ARGV[4])
    redis.call('LTRIM', KEYS[2], 0, ARGV[8] - 1)
    redis.call('EXPIRE', KEYS[2], ARGV[9])
    if not redis.call('SET', KEYS[2] .. ':' .. ARGV[4], '', 'NX', 'EX', ARGV[7]) then return end
end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[6], '*',
    'kind', ARGV[1], 'visitor', ARGV[2], 'user', ARGV[3], 'product', ARGV[4], 'quantity', ARGV[5])
"""
_STORE = """
INSERT INTO activity_activity (entry, kind, visitor, user_id, product_id, quantity, at)
SELECT entry, kind, visitor, nullif(customer, 0), product, quantity, at
FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::int[], %s::timestamptz[])
    AS new (entry, kind, visitor, customer, product, quantity, at)
ON CONFLICT (entry) DO NOTHING RETURNING id
"""

log = structlog.get_logger(__name__)


def activity_note(
    *, kind: Activity.Kind, user_id: int | None, token: str | None, product_ids: Sequence[int], quantity: int = 0
) -> None:  # fmt: skip
    """Note what a customer, or the guest whose cart ``token`` names, did with products.

    Never fails and never waits long: without Redis it is not noted.
    """
    visitor = visitor_of(user_id=user_id, token=token)
    names = (keys.STREAM, f"{keys.RECENT}:{visitor}")
    limits = (_MOST_WAITING, _SAME_VIEW_S, _RECENT_KEPT, _RECENT_S)
    try:
        for product in product_ids:
            values = (str(kind), visitor, user_id or 0, product, quantity, *limits)
            redis_client().eval(_NOTE, len(names), *names, *values)
    except redis.RedisError as error:
        log.debug("activity not noted", reason=type(error).__name__)


def activity_flush() -> int:
    """Write down what was noted; return how many rows are new."""
    written = 0
    try:
        for _ in range(_BATCHES):
            taken, new = _flush_batch(redis_client())
            written += new
            if taken < _BATCH:
                break
    except redis.RedisError as error:
        log.warning("activity not written down", reason=type(error).__name__)
    return written


def activity_prune() -> int:
    """Forget what was done longer than :data:`KEEP_DAYS` ago; the number of rows."""
    return Activity.objects.filter(at__lt=timezone.now() - timedelta(days=KEEP_DAYS)).delete()[0]


def _flush_batch(client: redis.Redis) -> tuple[int, int]:
    """Entries taken, and rows that are new."""
    entries = cast("list[tuple[bytes, dict[bytes, bytes]]]", client.xrange(keys.STREAM, count=_BATCH))
    if not entries:
        return 0, 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_STORE, _columns(entries))
            ids = [row[0] for row in cursor.fetchall()]
        if ids:
            payload = {"first_id": min(ids), "last_id": max(ids), "count": len(ids)}
            event_emit(type="activity.recorded", aggregate=f"activity:{payload['first_id']}", payload=payload)
    client.xdel(keys.STREAM, *(entry for entry, _ in entries))
    return len(entries), len(ids)


def _columns(entries: list[tuple[bytes, dict[bytes, bytes]]]) -> list[Any]:
    """Values by column; an entry's name begins with its time in milliseconds."""
    names = [name.decode() for name, _ in entries]
    texts = [[fields[field].decode() for _, fields in entries] for field in (b"kind", b"visitor")]
    numbers = [[int(fields[field]) for _, fields in entries] for field in (b"user", b"product", b"quantity")]
    at = [datetime.fromtimestamp(int(name.partition("-")[0]) / 1000, UTC) for name in names]
    return [names, *texts, *numbers, at]

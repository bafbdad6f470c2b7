"""Going over all orders there are, batch by batch."""

from collections.abc import Callable

from django.db import connection

from apps.analytics.services.articles import articles_refresh
from apps.analytics.services.contributions import contributions_refresh

BATCH = 2_000
#: Orders by id, and those that are gone but contribute still.
_NEXT = """
SELECT DISTINCT id FROM (
    (SELECT id FROM orders_order WHERE id > %(after)s ORDER BY id LIMIT %(limit)s) UNION ALL
    (SELECT order_id FROM analytics_ordercontribution WHERE order_id > %(after)s ORDER BY order_id LIMIT %(limit)s)
) AS both_sides ORDER BY id LIMIT %(limit)s
"""


def analytics_backfill(*, progress: Callable[[int], None], batch_size: int = BATCH) -> int:
    """Bring what is known of every order to what it is now; return how many differences there were.

    Each batch is a transaction: a run that is killed has lost no more than its last batch, and the next one finds
    nothing to do about the others. Memory is that of one batch of ids.
    """
    differences, after = 0, 0
    while order_ids := _next(after, batch_size):
        differences += contributions_refresh(order_ids=order_ids)
        after = order_ids[-1]
        progress(len(order_ids))
    return differences + articles_refresh()


def _next(after: int, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, {"after": after, "limit": limit})
        return [row[0] for row in cursor.fetchall()]

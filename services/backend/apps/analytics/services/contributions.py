"""Bringing contributions, and every sum of them, to what the orders are now.

What an order should contribute is derived from its rows; the difference to what is stored is added everywhere, in one
transaction. So an event that comes twice, late or out of turn finds no difference and changes nothing, and a day that
changes is taken off one row and put onto another.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from apps.analytics.derivation import ARTICLE_ROWS, ORDER_ROWS
from apps.analytics.locks import writer_lock, writer_lock_if_free
from apps.analytics.services.articles import articles_add
from apps.analytics.sums import (
    ARTICLE_CONTRIBUTIONS,
    ARTICLE_SUMS,
    ORDER_CONTRIBUTIONS,
    ORDER_SUMS,
    Sums,
)

#: Marks taken at a time.
BATCH = 1_000
_CHANNELS = (
    (ORDER_CONTRIBUTIONS, ORDER_SUMS, ORDER_ROWS, "pg_temp.analytics_order_delta"),
    (ARTICLE_CONTRIBUTIONS, ARTICLE_SUMS, ARTICLE_ROWS, "pg_temp.analytics_article_delta"),
)
_TAKE = """
DELETE FROM analytics_dirtyorder WHERE id IN (SELECT id FROM analytics_dirtyorder ORDER BY id LIMIT %s)
RETURNING order_id
"""
_MARK_RANGE = """
INSERT INTO analytics_dirtyorder (order_id) SELECT id FROM orders_order WHERE id BETWEEN %s AND %s ORDER BY id
"""


def order_mark(*, order_id: int) -> None:
    """Remember, in the current transaction, that something happened to an order."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO analytics_dirtyorder (order_id) VALUES (%s)", [order_id])


def orders_mark(*, first_id: int, last_id: int) -> None:
    """Remember it of all orders between two ids, which are among them."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK_RANGE, [first_id, last_id])


def orders_catch_up() -> int:
    """Work off the marks, batch after batch; return how many. Leaves them to another writer if there is one.

    What a crash or another writer leaves is taken by the sweep (:func:`apps.analytics.tasks.sweep`).
    """
    done = 0
    while taken := _batch_catch_up():
        done += taken
    return done


@transaction.atomic
def _batch_catch_up() -> int:
    if not writer_lock_if_free():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [BATCH])
        marked = [row[0] for row in cursor.fetchall()]
    if marked:
        contributions_refresh(order_ids=sorted(set(marked)))
    return len(marked)


@transaction.atomic(savepoint=False)
def contributions_refresh(*, order_ids: Sequence[int]) -> int:
    """Add what has changed about these orders; return how many differences there were. Repeating it returns 0.

    An order that is not there any more contributes nothing.
    """
    writer_lock()
    parameters: dict[str, Any] = {"orders": list(order_ids), "zone": settings.MESHOP.shop_time_zone}
    with connection.cursor() as cursor:
        articles_add(cursor, order_ids=order_ids)
        changes = [_refresh(cursor, *channel, parameters) for channel in _CHANNELS]
    return sum(changes)


def _refresh(
    cursor: CursorWrapper,
    contributions: Sums,
    aggregates: Sequence[Sums],
    derived: str,
    delta: str,
    parameters: dict[str, Any],
) -> int:
    """One kind of contribution: difference into a table of this connection, and from there to wherever it adds up."""
    columns = ", ".join((*contributions.key, *contributions.measures))
    name = delta.partition(".")[2]
    empty = f"SELECT {columns} FROM {contributions.table} WITH NO DATA"  # noqa: S608
    minus = ", ".join((*contributions.key, *(f"-{measure}" for measure in contributions.measures)))
    cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} ON COMMIT DELETE ROWS AS {empty}")
    cursor.execute(f"DELETE FROM {delta}")  # noqa: S608
    both = (
        f"(SELECT {columns} FROM ({derived}) AS derived UNION ALL "  # noqa: S608
        f"SELECT {minus} FROM {contributions.table} WHERE order_id = ANY(%(orders)s)) AS both_sides"
    )
    cursor.execute(f"INSERT INTO {delta} ({columns}) {contributions.fill(both)}", parameters)
    differences = cursor.rowcount
    if not differences:
        return 0
    for sums in (contributions, *aggregates):
        cursor.execute(sums.add(sums.fill(delta)))
    cursor.execute(f"{contributions.sweep()} AND order_id = ANY(%(orders)s)", parameters)
    for sums in aggregates:
        cursor.execute(sums.sweep_days(delta))
    return differences

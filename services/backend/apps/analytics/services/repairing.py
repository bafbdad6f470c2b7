"""Making analytics right again, whatever happened to its rows."""

from collections.abc import Callable

from django.db import connection, transaction

from apps.analytics.locks import writer_lock
from apps.analytics.services.backfill import analytics_backfill
from apps.analytics.sums import ARTICLE_CONTRIBUTIONS, ARTICLE_SUMS, ORDER_CONTRIBUTIONS, ORDER_SUMS


def analytics_repair(*, progress: Callable[[int], None]) -> int:
    """Derive every contribution again, then add to each aggregate what it lacks; return how many rows were wrong."""
    return analytics_backfill(progress=progress) + sums_repair()


@transaction.atomic
def sums_repair() -> int:
    """Make aggregates the sums of contributions again; return how many rows were not."""
    writer_lock()
    wrong = 0
    with connection.cursor() as cursor:
        for contributions, aggregates in (
            (ORDER_CONTRIBUTIONS, ORDER_SUMS),
            (ARTICLE_CONTRIBUTIONS, ARTICLE_SUMS),
        ):
            for sums in aggregates:
                cursor.execute(sums.add(sums.drift(contributions.table)))
                wrong += cursor.rowcount
                cursor.execute(sums.sweep())
    return wrong

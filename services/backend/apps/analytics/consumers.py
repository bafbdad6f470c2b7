"""What analytics do about events. Rows are marked in the transaction of the event and counted after it.

A mark, or an article that moved, which a crash leaves behind is found by the sweeps.
"""

from functools import partial

from django.db import transaction

from apps.analytics.services.articles import articles_refresh
from apps.analytics.services.contributions import order_mark, orders_catch_up, orders_mark
from apps.analytics.services.reports import report_make
from apps.core.events import Event
from meshop_shared.events import OrdersImported, ReportRequested


def on_order_changed(event: Event) -> None:
    """Something happened to an order or to money that was paid for it: look at it again."""
    order_mark(order_id=event.payload.order_id)  # type: ignore[attr-defined]
    transaction.on_commit(orders_catch_up, robust=True)


def on_orders_imported(event: Event) -> None:
    """Orders appeared that no single events tell of."""
    assert isinstance(event.payload, OrdersImported)
    orders_mark(first_id=event.payload.first_order_id, last_id=event.payload.last_order_id)
    transaction.on_commit(orders_catch_up, robust=True)


def on_catalogue_changed(event: Event) -> None:
    """Products were renamed or moved: their sales follow."""
    product_id = getattr(event.payload, "product_id", None)
    transaction.on_commit(partial(articles_refresh, product_id=product_id), robust=True)


def on_report_requested(event: Event) -> None:
    """Somebody waits for a report."""
    assert isinstance(event.payload, ReportRequested)
    transaction.on_commit(partial(report_make, report_id=event.payload.report_id), robust=True)

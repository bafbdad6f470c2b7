"""Events that change a feature table.

The AI PostgreSQL is written before the event counts as consumed. Should that commit be lost, the event comes again and
writes the same rows once more, which changes nothing. These consumers have a queue of their own, ``ai``: nobody else
waits when that server is slow, and after an outage longer than the retries ``manage.py ai_backfill`` brings the rest.
"""

from apps.core.events import Event
from apps.features.services import features_backfill, features_mirror
from meshop_shared.ai.features import CARTS, PRICES, PRODUCTS, SALES, SEARCHES, STOCK, VIEWS, FeatureTable
from meshop_shared.events import ActivityRecorded, SearchesCounted


def on_order(event: Event) -> None:
    """An order was placed, or is not to be delivered any more."""
    features_mirror(table=SALES, of=[event.payload.order_id])  # type: ignore[attr-defined]


def on_product(event: Event) -> None:
    """A product is new, or says something else of itself."""
    _mirror(PRODUCTS, event)


def on_price(event: Event) -> None:
    """A product is new, or it or one of its variants has another price."""
    _mirror(PRICES, event)


def on_stock(event: Event) -> None:
    """A unit is sold out, or there again."""
    features_mirror(table=STOCK, of=[event.payload.stock_item_id])  # type: ignore[attr-defined]


def on_activity(event: Event) -> None:
    """Visitors looked at products or changed their carts."""
    assert isinstance(event.payload, ActivityRecorded)
    rows = list(range(event.payload.first_id, event.payload.last_id + 1))
    for table in (VIEWS, CARTS):
        features_mirror(table=table, of=rows)


def on_searches(event: Event) -> None:
    """Searches were counted."""
    assert isinstance(event.payload, SearchesCounted)
    features_mirror(table=SEARCHES, of=event.payload.text_ids)


def _mirror(table: FeatureTable, event: Event) -> None:
    """After an import there are no events for the single products: any may have changed."""
    if event.type == "catalogue.imported":
        features_backfill(table=table)
    else:
        features_mirror(table=table, of=[event.payload.product_id])  # type: ignore[attr-defined]

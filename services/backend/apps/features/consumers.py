"""Events that change a feature table.

The AI PostgreSQL is written before the event counts as consumed. Should that commit be lost, the event comes again and
writes the same rows once more, which changes nothing. These consumers have a queue of their own, ``ai``: nobody else
waits when that server is slow, and after an outage longer than the retries ``manage.py ai_backfill`` brings the rest.
"""

from apps.core.events import Event
from apps.features.services import features_backfill, features_mirror
from meshop_shared.ai.features import PRICES, PRODUCTS, SALES, FeatureTable


def on_order(event: Event) -> None:
    """An order was placed, or is not to be delivered any more."""
    features_mirror(table=SALES, of=[event.payload.order_id])  # type: ignore[attr-defined]


def on_product(event: Event) -> None:
    """A product is new, or says something else of itself."""
    _mirror(PRODUCTS, event)


def on_price(event: Event) -> None:
    """A product is new, or it or one of its variants has another price."""
    _mirror(PRICES, event)


def _mirror(table: FeatureTable, event: Event) -> None:
    """After an import there are no events for the single products: any may have changed."""
    if event.type == "catalogue.imported":
        features_backfill(table=table)
    else:
        features_mirror(table=table, of=[event.payload.product_id])  # type: ignore[attr-defined]

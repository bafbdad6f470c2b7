"""Which products an event makes the index forget. Only rows are written here; the index is told afterwards."""

from django.db import transaction

from apps.core.events import Event
from apps.search.services.indexing import (
    dirty_mark,
    dirty_mark_all,
    dirty_mark_branch,
    dirty_mark_stocked,
    dirty_mark_tagged,
    index_catch_up,
)


def on_catalogue_changed(event: Event) -> None:
    """Mark what the event speaks of, and index it once that is committed; the sweep does if this process dies.

    Vectors are left to their own sweep: encoding takes longer than a consumer should.
    """
    event_mark(event)
    transaction.on_commit(index_catch_up, robust=True)


def event_mark(event: Event) -> None:
    """Mark what the event speaks of."""
    payload = event.payload
    if product_id := getattr(payload, "product_id", None):
        dirty_mark(product_ids=[product_id])
    elif event.type == "stock.changed":
        dirty_mark_stocked(stock_item_id=payload.stock_item_id)  # type: ignore[attr-defined]
    elif event.type == "tag.changed":
        dirty_mark_tagged(tag_id=payload.tag_id)  # type: ignore[attr-defined]
    elif event.type == "category.changed":
        dirty_mark_branch(category_id=payload.category_id)  # type: ignore[attr-defined]
    elif event.type in ("category.deleted", "catalogue.imported"):
        dirty_mark_all()

"""Row locks of this app. Everybody locks items by ascending id, and items before reservations: no deadlocks."""

from collections.abc import Collection

from apps.inventory.models import StockItem


def stock_items_lock(*, stock_item_ids: Collection[int]) -> dict[int, StockItem]:
    """Lock items until the transaction ends; return their newest versions by id."""
    items = StockItem.objects.select_for_update().filter(pk__in=stock_item_ids).order_by("pk")
    return {item.pk: item for item in items}

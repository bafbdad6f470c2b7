"""Reading stock."""

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class StockDrift:
    """An item whose levels disagree with its ledger."""

    sku: str
    on_hand: int
    movements: int
    reserved: int
    reservations: int


_DRIFT = """
SELECT item.sku, item.on_hand, coalesce(m.total, 0), item.reserved, coalesce(r.total, 0)
FROM inventory_stockitem item
LEFT JOIN (SELECT stock_item_id, sum(quantity) total FROM inventory_stockmovement GROUP BY 1) m
  ON m.stock_item_id = item.id
LEFT JOIN (SELECT stock_item_id, sum(quantity) total FROM inventory_stockreservation
           WHERE status = 'live' GROUP BY 1) r ON r.stock_item_id = item.id
WHERE item.on_hand <> coalesce(m.total, 0) OR item.reserved <> coalesce(r.total, 0)
ORDER BY item.sku LIMIT %s
"""


def stock_drift_list(*, limit: int = 100) -> list[StockDrift]:
    """Items where ``on_hand`` is not the sum of movements, or ``reserved`` not that of live reservations."""
    with connection.cursor() as cursor:
        cursor.execute(_DRIFT, [limit])
        return [StockDrift(*row) for row in cursor.fetchall()]

"""Holding stock for orders that are not paid yet.

Invariant, checked by ``manage.py stock_audit``: ``reserved`` is the sum of an item's live reservations. A reservation
changes only under the lock of its item.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.core.response_cache import STOCK, stamp_bump
from apps.inventory.errors import InsufficientStock, ReservationLost
from apps.inventory.locks import stock_items_lock
from apps.inventory.metrics import LOST, REFUSED
from apps.inventory.models import StockMovement, StockReservation
from apps.inventory.services import StockLine

Status = StockReservation.Status

_TAKE = """
WITH taken AS (
    UPDATE inventory_stockitem item SET reserved = item.reserved + wanted.quantity
    FROM unnest(%(ids)s::bigint[], %(quantities)s::bigint[]) AS wanted (id, quantity)
    WHERE item.id = wanted.id AND item.on_hand - item.reserved >= wanted.quantity
    RETURNING item.id, wanted.quantity
)
INSERT INTO inventory_stockreservation (stock_item_id, quantity, reference, status, expires_at)
SELECT id, quantity, %(reference)s, 'live', %(expires_at)s FROM taken RETURNING stock_item_id
"""
_GIVE_BACK = """
UPDATE inventory_stockitem item
SET reserved = item.reserved - closed.quantity, on_hand = item.on_hand - closed.quantity * %(sold)s
FROM unnest(%(ids)s::bigint[], %(quantities)s::bigint[]) AS closed (id, quantity) WHERE item.id = closed.id
"""


@transaction.atomic(savepoint=False)
def stock_reserve(*, lines: Sequence[StockLine], reference: str, expires_at: datetime) -> None:
    """Hold all ``lines`` until ``expires_at``, or nothing and raise :class:`InsufficientStock`.

    The condition of the UPDATE, which PostgreSQL judges on the newest version of each row, is what makes
    overselling impossible. Several rows are locked beforehand, so that two orders never deadlock and none is half
    reserved. ``extra.lines`` of the error lists ``{stock_item_id, requested, available}`` for what is short.
    """
    wanted = _totals((line.stock_item_id, line.quantity) for line in lines)
    if len(wanted) > 1 or not _take(wanted, reference, expires_at):
        short = _short(wanted)
        if short and reservations_expire(stock_item_ids=list(wanted)):
            short = _short(wanted)
        if short:
            REFUSED.inc()
            raise InsufficientStock(extra={"lines": short})
        _take(wanted, reference, expires_at)
    stamp_bump(STOCK)


@transaction.atomic
def stock_claim(*, reference: str) -> None:
    """Turn the live reservations of a paid order into sales. Repeating it changes nothing.

    Raises :class:`ReservationLost` when some of them have expired; the caller then refunds.
    """
    reservations = StockReservation.objects.filter(reference=reference)
    sold = _close(reservations, Status.CLAIMED)
    if reservations.exclude(status=Status.CLAIMED).exists():
        LOST.inc()
        raise ReservationLost()
    StockMovement.objects.bulk_create(
        StockMovement(stock_item_id=pk, kind=StockMovement.Kind.SALE, quantity=-quantity, reference=reference)
        for pk, quantity in sold.items()
    )


@transaction.atomic
def stock_release(*, reference: str) -> None:
    """Give back what an unpaid order held. Repeating it changes nothing."""
    _close(StockReservation.objects.filter(reference=reference), Status.RELEASED)


@transaction.atomic
def reservations_expire(*, stock_item_ids: Collection[int]) -> int:
    """Free overdue reservations of these items; return how many items gained stock.

    Checkout calls this when it finds too little, so that stock is never held by the dead between two sweeps.
    """
    overdue = StockReservation.objects.filter(
        stock_item_id__in=stock_item_ids, expires_at__lte=timezone.now()
    )
    return len(_close(overdue, Status.EXPIRED))


def _take(wanted: Mapping[int, int], reference: str, expires_at: datetime) -> bool:
    """Reserve by conditional UPDATE; tell whether every item had enough."""
    parameters = {"ids": list(wanted), "quantities": list(wanted.values())}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, parameters | {"reference": reference, "expires_at": expires_at})
        return len(cursor.fetchall()) == len(wanted)


def _short(wanted: Mapping[int, int]) -> list[dict[str, int]]:
    """Lock the items and list those that have too little."""
    items = stock_items_lock(stock_item_ids=wanted.keys())
    return [
        {"stock_item_id": pk, "requested": quantity, "available": items[pk].available if pk in items else 0}
        for pk, quantity in sorted(wanted.items())
        if pk not in items or items[pk].available < quantity
    ]


def _close(reservations: QuerySet[StockReservation], status: StockReservation.Status) -> dict[int, int]:
    """End the live ones among ``reservations`` and correct the levels; return the units by item."""
    live = reservations.filter(status=Status.LIVE)
    stock_items_lock(stock_item_ids=set(live.values_list("stock_item_id", flat=True)))
    rows = list(live.values_list("pk", "stock_item_id", "quantity"))  # again: some may be gone by now
    if not rows:
        return {}
    StockReservation.objects.filter(pk__in=[row[0] for row in rows]).update(
        status=status, closed_at=timezone.now()
    )
    units = _totals((stock_item_id, quantity) for _, stock_item_id, quantity in rows)
    with connection.cursor() as cursor:
        cursor.execute(
            _GIVE_BACK,
            {
                "ids": list(units),
                "quantities": list(units.values()),
                "sold": int(status is Status.CLAIMED),
            },
        )
    stamp_bump(STOCK)
    return units


def _totals(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    totals: dict[int, int] = {}
    for stock_item_id, quantity in pairs:
        totals[stock_item_id] = totals.get(stock_item_id, 0) + quantity
    return totals

"""Every change of stock. Levels move by conditional UPDATE only, so no interleaving can oversell.

Invariants, checked by ``manage.py stock_audit``: ``on_hand`` is the sum of an item's movements and ``reserved`` the
sum of its live reservations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from apps.core.response_cache import STOCK, stamp_bump
from apps.inventory.errors import InsufficientStock, ReservationLost, StockBelowReserved
from apps.inventory.models import StockItem, StockMovement, StockReservation

Kind = StockMovement.Kind
Status = StockReservation.Status


@dataclass(frozen=True, slots=True)
class StockLine:
    """Units of one stock item that belong to an order."""

    stock_item_id: int
    quantity: int


@transaction.atomic
def stock_item_create(*, sku: str, quantity: int = 0, actor: AbstractBaseUser | None = None) -> StockItem:
    """Start the ledger of a new sellable unit with ``quantity`` on hand."""
    item = StockItem.objects.create(sku=sku, on_hand=quantity)
    if quantity:
        StockMovement.objects.create(
            stock_item=item, kind=Kind.RECEIPT, quantity=quantity, actor_id=_id(actor)
        )
    stamp_bump(STOCK)
    return item


_CREATE_MANY = """
WITH wanted AS (SELECT * FROM unnest(%(skus)s::text[], %(quantities)s::bigint[]) AS w (sku, quantity)),
created AS (
    INSERT INTO inventory_stockitem (sku, on_hand, reserved)
    SELECT sku, quantity, 0 FROM wanted ON CONFLICT (sku) DO NOTHING RETURNING id, sku, on_hand
),
received AS (
    INSERT INTO inventory_stockmovement (stock_item_id, kind, quantity, reference)
    SELECT id, 'receipt', on_hand, %(reference)s FROM created WHERE on_hand <> 0
)
SELECT sku, id FROM created UNION ALL SELECT item.sku, item.id FROM inventory_stockitem item JOIN wanted USING (sku)
"""


@transaction.atomic
def stock_items_bulk_create(*, quantities: Mapping[str, int], reference: str = "") -> dict[str, int]:
    """Start the ledgers of many units at once; return the id of each by SKU.

    A SKU that has a ledger already keeps its level: its quantity here is not added.
    """
    if not quantities:
        return {}
    parameters = {"skus": list(quantities), "quantities": list(quantities.values()), "reference": reference}
    with connection.cursor() as cursor:
        cursor.execute(_CREATE_MANY, parameters)
        ids: dict[str, int] = dict(cursor.fetchall())
    if raced := quantities.keys() - ids.keys():  # created by somebody else while the statement ran
        ids.update(StockItem.objects.filter(sku__in=raced).values_list("sku", "pk"))
    stamp_bump(STOCK)
    return ids


@transaction.atomic
def stock_move(
    *,
    stock_item_id: int,
    quantity: int,
    kind: StockMovement.Kind,
    reference: str = "",
    actor: AbstractBaseUser | None = None,
) -> None:
    """Change ``on_hand`` by a signed ``quantity``. Raises :class:`StockBelowReserved`."""
    changed = StockItem.objects.filter(pk=stock_item_id, on_hand__gte=F("reserved") - quantity).update(
        on_hand=F("on_hand") + quantity, updated_at=timezone.now()
    )
    if not changed:
        raise StockBelowReserved()
    StockMovement.objects.create(
        stock_item_id=stock_item_id, kind=kind, quantity=quantity, reference=reference, actor_id=_id(actor)
    )
    stamp_bump(STOCK)


@transaction.atomic
def stock_set_available(*, stock_item_id: int, available: int, actor: AbstractBaseUser | None = None) -> None:
    """Count the shelf: make ``available`` what can be sold now, on top of what is reserved."""
    with connection.cursor() as cursor:
        # One statement reads the old level and writes the new one, so no concurrent change is lost.
        cursor.execute(
            """
            WITH old AS (SELECT id, on_hand FROM inventory_stockitem WHERE id = %s FOR UPDATE)
            UPDATE inventory_stockitem item SET on_hand = item.reserved + %s, updated_at = now()
            FROM old WHERE item.id = old.id RETURNING item.on_hand - old.on_hand
            """,
            [stock_item_id, available],
        )
        row = cursor.fetchone()
    change = row[0] if row else 0
    if change:
        StockMovement.objects.create(
            stock_item_id=stock_item_id, kind=Kind.ADJUSTMENT, quantity=change, actor_id=_id(actor)
        )
        stamp_bump(STOCK)


def _id(actor: AbstractBaseUser | None) -> int | None:
    return actor.pk if actor else None


_RESERVE = """
WITH wanted AS (SELECT * FROM unnest(%(ids)s::bigint[], %(quantities)s::bigint[]) AS w (id, quantity)),
locked AS MATERIALIZED (
    SELECT item.id, wanted.quantity, item.on_hand - item.reserved AS available
    FROM inventory_stockitem item JOIN wanted ON wanted.id = item.id
    ORDER BY item.id FOR UPDATE OF item
),
taken AS (
    UPDATE inventory_stockitem item SET reserved = item.reserved + locked.quantity FROM locked
    WHERE item.id = locked.id AND NOT EXISTS (SELECT FROM locked WHERE available < quantity)
    RETURNING item.id
),
held AS (
    INSERT INTO inventory_stockreservation (stock_item_id, quantity, reference, status, expires_at)
    SELECT locked.id, locked.quantity, %(reference)s, 'live', %(expires_at)s FROM locked JOIN taken USING (id)
)
SELECT id, quantity, available FROM locked WHERE NOT EXISTS (SELECT FROM taken) AND available < quantity
"""


def _reserve(wanted: dict[int, int], reference: str, expires_at: datetime) -> list[dict[str, int]]:
    """Run the statement; return what is short, nothing when all was held."""
    parameters = {"ids": list(wanted), "quantities": list(wanted.values())}
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, parameters | {"reference": reference, "expires_at": expires_at})
        return [
            {"stock_item_id": pk, "requested": requested, "available": available}
            for pk, requested, available in cursor.fetchall()
        ]


@transaction.atomic(savepoint=False)
def stock_reserve(*, lines: Sequence[StockLine], reference: str, expires_at: datetime) -> None:
    """Hold all ``lines`` until ``expires_at``, or nothing and raise :class:`InsufficientStock`.

    One statement for any number of lines. Rows are locked by ascending id, so two orders never deadlock; the
    condition of the UPDATE, judged on the locked rows, is what makes overselling impossible. ``extra.lines`` of
    the error lists ``{stock_item_id, requested, available}`` for each unit that is short.
    """
    wanted: dict[int, int] = {}
    for line in lines:
        wanted[line.stock_item_id] = wanted.get(line.stock_item_id, 0) + line.quantity
    short = _reserve(wanted, reference, expires_at)
    if short and reservations_expire(stock_item_ids=list(wanted)):
        short = _reserve(wanted, reference, expires_at)
    if short:
        raise InsufficientStock(extra={"lines": short})
    stamp_bump(STOCK)


_CLOSE = """
WITH closed AS (
    UPDATE inventory_stockreservation SET status = %(status)s, closed_at = now()
    WHERE reference = %(reference)s AND status = 'live' RETURNING stock_item_id, quantity
),
locked AS MATERIALIZED (
    SELECT item.id FROM inventory_stockitem item JOIN closed ON closed.stock_item_id = item.id
    ORDER BY item.id FOR UPDATE OF item
)
UPDATE inventory_stockitem item
SET reserved = item.reserved - closed.quantity,
    on_hand = item.on_hand - CASE WHEN %(sold)s THEN closed.quantity ELSE 0 END
FROM closed, locked WHERE item.id = closed.stock_item_id AND item.id = locked.id
RETURNING item.id, closed.quantity
"""


def _close(*, reference: str, status: StockReservation.Status, sold: bool) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, {"reference": reference, "status": status, "sold": sold})
        closed: list[tuple[int, int]] = cursor.fetchall()
    stamp_bump(STOCK)
    return closed


@transaction.atomic
def stock_claim(*, reference: str) -> None:
    """Turn the live reservations of a paid order into sales. Repeating it changes nothing.

    Raises :class:`ReservationLost` when some of them have expired; the caller then refunds.
    """
    closed = _close(reference=reference, status=Status.CLAIMED, sold=True)
    lost = StockReservation.objects.filter(reference=reference).exclude(status=Status.CLAIMED)
    if lost.exists():
        raise ReservationLost()
    StockMovement.objects.bulk_create(
        StockMovement(stock_item_id=pk, kind=Kind.SALE, quantity=-quantity, reference=reference)
        for pk, quantity in closed
    )


@transaction.atomic
def stock_release(*, reference: str) -> None:
    """Give back what an unpaid order held. Repeating it changes nothing."""
    _close(reference=reference, status=Status.RELEASED, sold=False)


@transaction.atomic
def stock_return(
    *, lines: Sequence[StockLine], reference: str, actor: AbstractBaseUser | None = None
) -> None:
    """Put units of a paid order back on the shelf."""
    for line in sorted(lines, key=lambda line: line.stock_item_id):
        stock_move(
            stock_item_id=line.stock_item_id,
            quantity=line.quantity,
            kind=Kind.RETURN,
            reference=reference,
            actor=actor,
        )


_EXPIRE = """
WITH locked AS MATERIALIZED (
    SELECT id FROM inventory_stockitem WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE
),
overdue AS MATERIALIZED (
    SELECT id FROM inventory_stockreservation
    WHERE stock_item_id IN (SELECT id FROM locked) AND status = 'live' AND expires_at <= now()
    FOR UPDATE SKIP LOCKED
),
closed AS (
    UPDATE inventory_stockreservation r SET status = 'expired', closed_at = now()
    FROM overdue WHERE r.id = overdue.id RETURNING r.stock_item_id, r.quantity
),
freed AS (SELECT stock_item_id, sum(quantity) AS quantity FROM closed GROUP BY stock_item_id)
UPDATE inventory_stockitem item SET reserved = item.reserved - freed.quantity
FROM freed WHERE item.id = freed.stock_item_id RETURNING item.id
"""


@transaction.atomic
def reservations_expire(*, stock_item_ids: Sequence[int]) -> int:
    """Free overdue reservations of these items; return how many items gained stock.

    Checkout calls this when it finds too little, so that stock is never held by the dead between two sweeps.
    Reservations that a payment is claiming at this moment are skipped.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, {"ids": list(stock_item_ids)})
        freed = len(cursor.fetchall())
    if freed:
        stamp_bump(STOCK)
    return freed

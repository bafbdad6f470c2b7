"""Every change of what is on the shelf, each with the movement that explains it.

Invariant, checked by ``manage.py stock_audit``: ``on_hand`` is the sum of an item's movements.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from apps.audit.services import audit_record
from apps.core.response_cache import STOCK, stamp_bump
from apps.inventory.errors import StockBelowReserved
from apps.inventory.locks import stock_items_lock
from apps.inventory.models import StockItem, StockMovement

Kind = StockMovement.Kind


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
        audit_record(actor=actor, action="stock.create", target=f"stock:{sku}", after={"on_hand": quantity})
    stamp_bump(STOCK)
    return item


_CREATE_MANY = """
WITH wanted AS (SELECT * FROM unnest(%(skus)s::text[], %(quantities)s::bigint[]) AS w (sku, quantity)),
created AS (
    INSERT INTO inventory_stockitem (sku, on_hand, reserved)
    SELECT sku, quantity, 0 FROM wanted ORDER BY sku ON CONFLICT (sku) DO NOTHING RETURNING id, sku, on_hand
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
        cursor.execute(_CREATE_MANY, parameters)  # type: ignore[arg-type]
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
    item = stock_items_lock(stock_item_ids=[stock_item_id])[stock_item_id]
    change = item.reserved + available - item.on_hand
    StockItem.objects.filter(pk=stock_item_id).update(
        on_hand=F("on_hand") + change, updated_at=timezone.now()
    )
    if change:
        StockMovement.objects.create(
            stock_item_id=stock_item_id, kind=Kind.ADJUSTMENT, quantity=change, actor_id=_id(actor)
        )
        audit_record(
            actor=actor,
            action="stock.set",
            target=f"stock:{item.sku}",
            before={"on_hand": item.on_hand, "available": item.available},
            after={"on_hand": item.on_hand + change, "available": available},
        )
        stamp_bump(STOCK)


def stock_item_rename(*, stock_item_id: int, sku: str) -> None:
    """Let the ledger follow a SKU that staff corrected. A taken one surfaces as ``IntegrityError``."""
    StockItem.objects.filter(pk=stock_item_id).update(sku=sku)


def _id(actor: AbstractBaseUser | None) -> int | None:
    return actor.pk if actor else None


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

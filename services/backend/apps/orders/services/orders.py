"""Placing orders and moving them along."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.core.events import event_emit
from apps.inventory.errors import InsufficientStock
from apps.inventory.reservations import stock_claim, stock_release, stock_reserve
from apps.inventory.services import StockLine, stock_return
from apps.orders.errors import (
    CartEmpty,
    CurrencyMismatch,
    InvalidTransition,
    ProductNotFound,
    VariantNotFound,
)
from apps.orders.locks import cart_lock, order_lock
from apps.orders.models import CartItem, Order, OrderEvent, OrderItem
from apps.orders.numbers import order_number_make
from apps.orders.selectors import cart_lines_get
from apps.orders.states import transition_allowed
from apps.orders.totals import PriceRules, totals_compute
from apps.products.sellable import UnitKey, sellable_units_get
from meshop_shared.errors import ValidationFailed

Status = Order.Status
Address = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line to be ordered, priced and ready to reserve."""

    product_id: int
    variant_id: int | None
    sku: str
    name: str
    quantity: int
    unit_price_minor: int
    currency: str
    stock_item_id: int


@transaction.atomic(savepoint=False)
def order_place(
    *,
    user: AbstractBaseUser,
    items: Sequence[tuple[UnitKey, int]] | None,
    shipping_address: Address,
    billing_address: Address,
    note: str = "",
) -> tuple[Order, list[OrderItem]]:
    """Place an order of ``items``, or of the user's cart, which is emptied; hold the stock for payment.

    All or nothing. Raises ``CartEmpty``, ``ProductNotFound``, ``VariantNotFound``, ``CurrencyMismatch`` and
    ``InsufficientStock``, whose ``extra.lines`` names the lines that are short.
    """
    cart_id = cart_lock(user_id=user.pk) if items is None else None
    lines = _lines_of_items(items) if items is not None else _lines_of_cart(cart_id)
    number, now = order_number_make(), timezone.now()
    expires_at = now + timedelta(minutes=settings.MESHOP.order_reservation_minutes)
    _reserve(lines, number, expires_at)
    order = _order_create(user, number, lines, expires_at, shipping_address, billing_address, note)
    order_items = OrderItem.objects.bulk_create(_order_item(order, line) for line in lines)
    if cart_id is not None:
        CartItem.objects.filter(cart_id=cart_id).delete()
    _record(order, "placed", actor=user, payload=_placed_payload(order, lines))
    return order, order_items


def _lines_of_cart(cart_id: int | None) -> list[OrderLine]:
    cart_lines = cart_lines_get(cart_id=cart_id) if cart_id is not None else []
    if not cart_lines:
        raise CartEmpty()
    gone = [line for line in cart_lines if line.available <= 0]
    if gone:
        short = [_short(line.product_id, line.variant_id, line.quantity, 0) for line in gone]
        raise InsufficientStock(extra={"lines": short})
    return [
        OrderLine(
            line.product_id, line.variant_id, line.sku, line.name, line.quantity,
            line.unit_price_minor, line.currency, line.stock_item_id,
        )
        for line in cart_lines
    ]  # fmt: skip


def _lines_of_items(items: Sequence[tuple[UnitKey, int]]) -> list[OrderLine]:
    quantities: dict[UnitKey, int] = {}
    for key, quantity in items:
        quantities[key] = quantities.get(key, 0) + quantity
    units = sellable_units_get(quantities)
    lines = []
    for key, quantity in quantities.items():
        unit = units.get(key)
        if unit is None:
            details = {"product_id": key[0], "variant_id": key[1]}
            raise (VariantNotFound if key[1] is not None else ProductNotFound)(extra=details)
        if unit.stock_item_id is None:
            raise ValidationFailed.for_field(
                "items", f"Product {unit.product_id} is sold by variant; choose one."
            )
        lines.append(
            OrderLine(
                unit.product_id, unit.variant_id, unit.sku, unit.name, quantity,
                unit.price_minor, unit.currency, unit.stock_item_id,
            )
        )  # fmt: skip
    return lines


def _short(product_id: int, variant_id: int | None, requested: int, available: int) -> dict[str, int | None]:
    return {
        "product_id": product_id,
        "variant_id": variant_id,
        "requested": requested,
        "available": max(available, 0),
    }


def _reserve(lines: list[OrderLine], number: str, expires_at: Any) -> None:
    """Reserve, and tell of shortages in the terms of the shop instead of the warehouse."""
    by_item = {line.stock_item_id: line for line in lines}
    try:
        stock_reserve(
            lines=[StockLine(line.stock_item_id, line.quantity) for line in lines],
            reference=number,
            expires_at=expires_at,
        )
    except InsufficientStock as error:
        raise InsufficientStock(
            extra={
                "lines": [
                    _short(
                        by_item[short["stock_item_id"]].product_id,
                        by_item[short["stock_item_id"]].variant_id,
                        short["requested"],
                        short["available"],
                    )
                    for short in error.extra["lines"]
                ]
            }
        ) from error


def _order_create(
    user: AbstractBaseUser,
    number: str,
    lines: list[OrderLine],
    expires_at: Any,
    shipping_address: Address,
    billing_address: Address,
    note: str,
) -> Order:
    currency = lines[0].currency
    if any(line.currency != currency for line in lines):
        raise CurrencyMismatch()
    config = settings.MESHOP
    totals = totals_compute(
        subtotal=sum(line.unit_price_minor * line.quantity for line in lines),
        currency=currency,
        rules=PriceRules(config.shipping_flat, config.shipping_free_from, config.tax_rate),
    )
    return Order.objects.create(
        number=number,
        user_id=user.pk,
        currency=currency,
        shipping_address=shipping_address,
        billing_address=billing_address,
        note=note,
        expires_at=expires_at,
        created_at=timezone.now(),
        **{f"{name}_minor": amount for name, amount in asdict(totals).items()},
    )


def _order_item(order: Order, line: OrderLine) -> OrderItem:
    return OrderItem(
        order=order,
        product_id=line.product_id,
        variant_id=line.variant_id,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        line_total_minor=line.unit_price_minor * line.quantity,
    )


def _placed_payload(order: Order, lines: list[OrderLine]) -> dict[str, Any]:
    return {
        "lines": [
            {
                "product_id": line.product_id,
                "variant_id": line.variant_id,
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price_minor": line.unit_price_minor,
            }
            for line in lines
        ],
    }


_MESSAGES = {
    "placed": "The order was placed.",
    "paid": "The payment arrived.",
    "shipped": "The order was shipped.",
    "delivered": "The order was delivered.",
    "cancelled": "The order was cancelled.",
    "expired": "The order was not paid in time and was cancelled.",
}


def _record(
    order: Order,
    kind: str,
    *,
    actor: AbstractBaseUser | None = None,
    data: dict[str, Any] | None = None,
    payload: dict[str, Any] | None = None,
) -> None:
    """Write the timeline entry and the outbox event of one change."""
    OrderEvent.objects.create(
        order=order,
        type=kind,
        message=_MESSAGES[kind],
        data=data or {},
        actor_id=actor.pk if actor else None,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )
    event_emit(
        type=f"order.{kind}",
        aggregate=f"order:{order.pk}",
        payload={
            "order_id": order.pk,
            "number": order.number,
            "user_id": order.user_id,
            "currency": order.currency,
            "total_minor": order.total_minor,
            **(data or {}),
            **(payload or {}),
        },
    )


def _move(order: Order, target: Order.Status) -> None:
    if not transition_allowed(order.status, target):
        raise InvalidTransition(extra={"status": order.status, "wanted": str(target)})
    order.status, order.updated_at = target, timezone.now()
    order.save(update_fields=["status", "payment_status", "updated_at"])


@transaction.atomic
def order_mark_paid(*, order_id: int, actor: AbstractBaseUser | None = None) -> Order:
    """Claim the reserved stock of a paid order and start processing it. Raises ``ReservationLost``."""
    order = order_lock(order_id=order_id)
    order.payment_status = Order.PaymentStatus.PAID
    _move(order, Status.PROCESSING)
    stock_claim(reference=order.number)
    _record(order, "paid", actor=actor)
    return order


@transaction.atomic
def order_ship(*, order_id: int, actor: AbstractBaseUser, tracking: str = "") -> Order:
    """Hand a paid order to the carrier."""
    order = order_lock(order_id=order_id)
    _move(order, Status.SHIPPED)
    _record(order, "shipped", actor=actor, data={"tracking": tracking} if tracking else {})
    return order


@transaction.atomic
def order_deliver(*, order_id: int, actor: AbstractBaseUser) -> Order:
    """Note that a shipped order has arrived."""
    order = order_lock(order_id=order_id)
    _move(order, Status.DELIVERED)
    _record(order, "delivered", actor=actor)
    return order


@transaction.atomic
def order_cancel(*, order_id: int, actor: AbstractBaseUser, reason: str = "") -> Order:
    """Cancel an order that has not been shipped; its stock can be sold again at once."""
    order = order_lock(order_id=order_id)
    claimed = order.status == Status.PROCESSING
    _move(order, Status.CANCELLED)
    if claimed:
        _stock_give_back(order, actor)
    else:
        stock_release(reference=order.number)
    _record(order, "cancelled", actor=actor, data={"reason": reason} if reason else {})
    return order


def _stock_give_back(order: Order, actor: AbstractBaseUser | None) -> None:
    items = order.items.select_related("product", "variant")
    lines = [
        StockLine(unit.stock_item_id, item.quantity)
        for item in items
        if (unit := item.variant or item.product) is not None and unit.stock_item_id is not None
    ]
    stock_return(lines=lines, reference=order.number, actor=actor)


@transaction.atomic
def order_expire(*, order_id: int) -> bool:
    """Cancel an order that was not paid in time; ``False`` if it has been paid or cancelled meanwhile."""
    order = order_lock(order_id=order_id)
    if order.status != Status.PENDING or order.expires_at is None or order.expires_at > timezone.now():
        return False
    _move(order, Status.CANCELLED)
    stock_release(reference=order.number)
    _record(order, "expired")
    return True


def orders_expire(*, limit: int = 500) -> int:
    """Expire up to ``limit`` overdue orders, each in a transaction of its own; return how many were looked at."""
    overdue = Order.objects.filter(status=Status.PENDING, expires_at__lte=timezone.now()).order_by(
        "expires_at"
    )
    order_ids = list(overdue.values_list("pk", flat=True)[:limit])
    for order_id in order_ids:
        order_expire(order_id=order_id)
    return len(order_ids)

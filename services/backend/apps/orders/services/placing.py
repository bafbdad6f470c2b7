"""Placing orders."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.inventory.errors import InsufficientStock
from apps.inventory.reservations import stock_reserve
from apps.inventory.services import StockLine
from apps.orders.errors import (
    CartEmpty,
    CurrencyMismatch,
    ProductNotFound,
    VariantNotFound,
)
from apps.orders.locks import cart_lock
from apps.orders.models import CartItem, Order, OrderItem
from apps.orders.numbers import order_number_make
from apps.orders.selectors import cart_lines_get
from apps.orders.services.timeline import order_record
from apps.orders.totals import PriceRules, totals_compute
from apps.products.sellable import UnitKey, sellable_units_get
from meshop_shared.errors import ValidationFailed

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
    order_record(order, "placed", actor=user, payload=_placed_payload(order, lines))
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

"""Carts and orders as JSON-ready dicts. Built by hand because these answers are on the hot path."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from apps.orders.models import Cart, Order, OrderEvent, OrderItem, ReturnRequest
from apps.orders.selectors import CartLine
from meshop_shared.money import minor_to_decimal_string


def cart_to_dict(cart: Cart, lines: list[CartLine]) -> dict[str, Any]:
    """Shape of :class:`~apps.orders.api.serializers.CartSerializer`."""
    currency = lines[0].currency if lines else settings.MESHOP.shop_currency
    total = minor_to_decimal_string(sum(line.line_total_minor for line in lines), currency)
    return {
        "id": cart.pk,
        "token": str(cart.token),
        "items": [
            {
                "id": line.id,
                "product": {"id": line.product_id, "name": line.product_name, "slug": line.product_slug},
                "variant_id": line.variant_id,
                "variant_name": line.variant_name,
                "sku": line.sku,
                "quantity": line.quantity,
                "unit_price": minor_to_decimal_string(line.unit_price_minor, currency),
                "line_total": minor_to_decimal_string(line.line_total_minor, currency),
                "available": line.available,
                "held_until": _moment(line.held_until),
            }
            for line in lines
        ],
        "subtotal": total,
        "total": total,
        "currency": currency,
        "item_count": sum(line.quantity for line in lines),
    }


def order_to_dict(order: Order, items: Iterable[OrderItem]) -> dict[str, Any]:
    """Shape of :class:`~apps.orders.api.serializers.OrderSerializer`."""

    def money(minor: int) -> str:
        return minor_to_decimal_string(minor, order.currency)

    return {
        "id": order.pk,
        "number": order.number,
        "status": str(order.status),
        "payment_status": str(order.payment_status),
        "items": [
            {
                "id": item.pk,
                "product_id": item.product_id,
                "variant_id": item.variant_id,
                "sku": item.sku,
                "name": item.name,
                "quantity": item.quantity,
                "unit_price": money(item.unit_price_minor),
                "line_total": money(item.line_total_minor),
            }
            for item in items
        ],
        "subtotal": money(order.subtotal_minor),
        "shipping": money(order.shipping_minor),
        "tax": money(order.tax_minor),
        "discount": money(order.discount_minor),
        "total": money(order.total_minor),
        "currency": order.currency,
        "shipping_address": order.shipping_address,
        "billing_address": order.billing_address,
        "note": order.note,
        "expires_at": _moment(order.expires_at) if order.status == Order.Status.PENDING else None,
        "created_at": _moment(order.created_at),
    }


def return_to_dict(wanted: ReturnRequest) -> dict[str, Any]:
    """Shape of :class:`~apps.orders.api.serializers.ReturnSerializer`."""
    return {
        "id": wanted.pk,
        "order_id": wanted.order_id,
        "status": str(wanted.status),
        "items": wanted.items,
        "reason": wanted.reason,
        "created_at": _moment(wanted.created_at),
        "decided_at": _moment(wanted.decided_at),
    }


def event_to_dict(event: OrderEvent) -> dict[str, Any]:
    """Shape of :class:`~apps.orders.api.serializers.OrderEventSerializer`."""
    return {
        "type": event.type,
        "message": event.message,
        "data": event.data,
        "request_id": event.request_id,
        "trace_id": event.trace_id,
        "created_at": _moment(event.created_at),
    }


def _moment(value: Any) -> str | None:
    """RFC 3339 text, so that a stored idempotent answer equals the first one byte for byte."""
    return value.isoformat().replace("+00:00", "Z") if value else None

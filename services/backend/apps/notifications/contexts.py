"""What templates get, made of plain values. Shapes are those of the samples in :mod:`apps.notifications.catalogue`."""

from email.utils import parseaddr
from typing import Any

from django.conf import settings

from apps.accounts.models import User
from apps.orders.models import Order
from meshop_shared.money import minor_to_decimal_string

_ADDRESS = ("full_name", "line1", "line2", "city", "state", "postal_code", "country")


def base_context(user: User) -> dict[str, Any]:
    """The shop and the customer."""
    return {
        "shop": {
            "name": parseaddr(settings.MESHOP.email_from)[0] or "Meshop",
            "url": settings.MESHOP.public_url.rstrip("/"),
        },
        "customer": {"first_name": user.first_name, "last_name": user.last_name, "email": user.email},
    }


def order_context(user: User, order: Order, *, tracking: str = "", reason: str = "") -> dict[str, Any]:
    """An order with its lines, amounts as decimal texts."""

    def money(minor: int) -> str:
        return minor_to_decimal_string(minor, order.currency)

    return base_context(user) | {
        "order": {
            "number": order.number,
            "currency": order.currency,
            "subtotal": money(order.subtotal_minor),
            "shipping": money(order.shipping_minor),
            "tax": money(order.tax_minor),
            "discount": money(order.discount_minor),
            "total": money(order.total_minor),
            "tracking": tracking,
            "reason": reason,
            "items": [
                {
                    "name": item.name,
                    "sku": item.sku,
                    "quantity": item.quantity,
                    "unit_price": money(item.unit_price_minor),
                    "total": money(item.line_total_minor),
                }
                for item in order.items.all()
            ],
            "address": {name: order.shipping_address.get(name, "") for name in _ADDRESS},
        }
    }

"""Rows that tests start from. Each function makes one thing, with sensible values for what is not given."""

import itertools
import uuid
from typing import Any

from django.utils import timezone

from apps.accounts.models import Address, User
from apps.inventory.services import stock_item_create
from apps.notifications.models import Notification
from apps.orders.models import Order, OrderItem
from apps.products.models import Product, ProductVariant
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint

_numbers = itertools.count(1)


def user_make(*, password: str | None = None, **fields: Any) -> User:
    """Make a customer; without ``password`` they cannot sign in by one, which is quicker."""
    number = next(_numbers)
    user = User(**({"email": f"user{number}@example.com", "first_name": "Ada"} | fields))
    user.set_password(password)
    user.save()
    return user


def address_make(*, user: User, **fields: Any) -> Address:
    """Make a shipping address of ``user``."""
    postal = {
        "full_name": "Ada King",
        "line1": "12 Row",
        "city": "Bath",
        "postal_code": "BA1",
        "country": "GB",
    }
    return Address.objects.create(user=user, **(postal | fields))


def product_make(*, stock: int | None = 10, price_minor: int = 1_000, **fields: Any) -> Product:
    """Make a product that has ``stock`` units; ``None`` is for one that is sold by variant."""
    number = next(_numbers)
    sku = fields.pop("sku", f"SKU-{number}")
    return Product.objects.create(
        sku=sku,
        price_minor=price_minor,
        stock_item=None if stock is None else stock_item_create(sku=sku, quantity=stock),
        **({"name": f"Product {number}", "slug": f"product-{number}", "currency": "GBP"} | fields),
    )


def variant_make(*, product: Product, stock: int = 10, **fields: Any) -> ProductVariant:
    """Make a variant of ``product`` that has ``stock`` units."""
    number = next(_numbers)
    sku = fields.pop("sku", f"VAR-{number}")
    item = stock_item_create(sku=sku, quantity=stock)
    return ProductVariant.objects.create(
        product=product, sku=sku, stock_item=item, **({"name": f"Size {number}"} | fields)
    )


def notification_make(*, user: User, **fields: Any) -> Notification:
    """Make an unread entry in the inbox of ``user``."""
    told = {"kind": "order.paid", "title": "We have your payment", "data": {"order_id": 1}}
    return Notification.objects.create(user=user, event_id=uuid.uuid4(), **(told | fields))


def webhook_delivery_make(**fields: Any) -> WebhookDelivery:
    """Make a delivery that has arrived, and its endpoint."""
    endpoint = WebhookEndpoint.objects.create(
        url="https://erp.example.com/", events=["order.*"], secret="whsec_AA=="
    )
    values = {"event_type": "order.paid", "body": "{}", "state": "delivered", "attempts": 1}
    return WebhookDelivery.objects.create(
        endpoint=endpoint, event_id=uuid.uuid4(), next_attempt_at=timezone.now(), **(values | fields)
    )


def past_order_make(user: User | None, *products: Product, status: str = "delivered") -> Order:
    """Make an order of two of each, as an import does: without events and without touching the stock."""
    order = Order.objects.create(
        number=f"N{next(_numbers)}", user=user, status=status, currency="GBP", subtotal_minor=0, total_minor=0
    )
    for product in products:
        OrderItem.objects.create(
            order=order, product=product, sku=product.sku, name=product.name, quantity=2, unit_price_minor=150,
            line_total_minor=300,
        )  # fmt: skip
    return order

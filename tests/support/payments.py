"""Orders to pay, and what the payment provider would do about them."""

import time
from typing import Any
from uuid import uuid4

import orjson

from apps.accounts.models import User
from apps.orders.models import Order
from apps.orders.services.placing import order_place
from apps.payments.models import Payment
from apps.payments.services.checkout import checkout_session_create
from apps.payments.services.webhooks import webhook_receive
from apps.payments.signatures import signature_make
from tests.support.factories import product_make, user_make

SECRET = "whsec_test"
ADDRESS = {"full_name": "Ada", "line1": "1 Main St", "city": "London", "postal_code": "N1", "country": "GB"}


def order_make(*, user: User | None = None, prices: tuple[int, ...] = (1_000,), quantity: int = 2) -> Order:
    """Place an order of one new product per price."""
    products = [product_make(price_minor=price) for price in prices]
    order, _ = order_place(
        user=user or user_make(),
        items=[((product.pk, None), quantity) for product in products],
        shipping_address=ADDRESS,
        billing_address=ADDRESS,
    )
    return order


def payment_open(order: Order | None = None, **options: Any) -> Payment:
    """Open a checkout page for an order."""
    order = order or order_make()
    return checkout_session_create(
        user=order.user,
        order_id=order.pk,
        success_url=options.pop("success_url", "https://shop.example/thanks"),
        cancel_url="https://shop.example/cart",
        save_method=options.pop("save_method", False),
        record=lambda payment: None,
    )


def signed(event: dict[str, Any], *, at: float | None = None, secret: str = SECRET) -> tuple[bytes, str]:
    """The body and the signature header of a webhook."""
    payload = orjson.dumps(event)
    timestamp = int(time.time() if at is None else at)
    return payload, signature_make(payload=payload, secret=secret, timestamp=timestamp)


def deliver(*events: dict[str, Any]) -> list[str]:
    """Deliver events; what became of each."""
    outcomes = []
    for event in events:
        payload, signature = signed(event)
        outcomes.append(webhook_receive(payload=payload, signature=signature))
    return outcomes


def event_make(type: str, object: dict[str, Any], *, created: int | None = None) -> dict[str, Any]:
    """An event that nobody's bank has sent yet."""
    return {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "type": type,
        "created": int(time.time()) if created is None else created,
        "data": {"object": object},
    }

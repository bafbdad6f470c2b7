"""Holding goods back while a person looks at an order. A hold ends by itself: nobody waits for good."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.orders.locks import order_lock
from apps.orders.models import Order
from apps.orders.services.timeline import timeline_write

_HOLDABLE = (Order.Status.PENDING, Order.Status.PROCESSING)


@transaction.atomic
def order_hold(*, order_id: int, until: datetime) -> bool:
    """Keep an order from being shipped until then; it can be paid and cancelled. Whether it was to be held."""
    order = order_lock(order_id=order_id)
    if order.status not in _HOLDABLE or until <= timezone.now():
        return False
    if order.held_until is None:
        timeline_write(
            order_id=order.pk, type="checking", message="The order is being checked before it is sent."
        )
    order.held_until, order.updated_at = until, timezone.now()
    order.save(update_fields=["held_until", "updated_at"])
    return True


@transaction.atomic
def order_release(*, order_id: int) -> None:
    """Let an order be shipped."""
    order = order_lock(order_id=order_id)
    if order.held_until is None:
        return
    order.held_until, order.updated_at = None, timezone.now()
    order.save(update_fields=["held_until", "updated_at"])
    timeline_write(order_id=order.pk, type="checked", message="The order was checked.")

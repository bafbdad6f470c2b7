"""The timeline of an order: what its buyer and staff read, and the event that tells other parts."""

from typing import Any

import structlog
from django.contrib.auth.base_user import AbstractBaseUser

from apps.core.events import event_emit
from apps.orders.metrics import step_count
from apps.orders.models import Order, OrderEvent
from meshop_shared.tracing import trace_id_current

_MESSAGES = {
    "placed": "The order was placed.",
    "paid": "The payment arrived.",
    "shipped": "The order was shipped.",
    "delivered": "The order was delivered.",
    "cancelled": "The order was cancelled.",
    "expired": "The order was not paid in time and was cancelled.",
    "return_requested": "A return was requested.",
    "return_approved": "The return was approved.",
    "return_rejected": "The return was rejected.",
}


def order_record(
    order: Order,
    kind: str,
    *,
    actor: AbstractBaseUser | None = None,
    data: dict[str, Any] | None = None,
    payload: dict[str, Any] | None = None,
) -> None:
    """Write the timeline entry and the outbox event of one change."""
    timeline_write(order_id=order.pk, type=kind, message=_MESSAGES[kind], data=data, actor=actor)
    step_count(order, kind)
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


def timeline_write(
    *,
    order_id: int,
    type: str,
    message: str,
    data: dict[str, Any] | None = None,
    actor: AbstractBaseUser | None = None,
) -> None:
    """Write one entry of the timeline."""
    OrderEvent.objects.create(
        order_id=order_id,
        type=type,
        message=message,
        data=data or {},
        actor_id=actor.pk if actor else None,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
        trace_id=trace_id_current(),
    )

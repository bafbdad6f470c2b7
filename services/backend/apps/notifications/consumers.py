"""What customers are told about events."""

from dataclasses import dataclass
from typing import Any

from apps.accounts.models import User
from apps.accounts.selectors import user_find
from apps.core.events import Event
from apps.notifications.contexts import base_context, order_context
from apps.notifications.services.inbox import notification_add
from apps.notifications.services.mails import email_intend
from apps.orders.models import Order
from apps.orders.selectors import order_with_buyer_get
from meshop_shared.events import OrderFact, PasswordResetRequested, RefundSucceeded
from meshop_shared.money import minor_to_decimal_string


@dataclass(frozen=True, slots=True)
class _Told:
    """The mail and the line in the inbox that an event makes."""

    template: str
    title: str


#: What customers hear of.
TOLD = {
    "order.placed": _Told("order_confirmation", "We have your order {number}"),
    "order.paid": _Told("payment_received", "We have your payment for order {number}"),
    "order.shipped": _Told("order_shipped", "Order {number} is on its way"),
    "order.delivered": _Told("order_delivered", "Order {number} has arrived"),
    "order.cancelled": _Told("order_cancelled", "Order {number} was cancelled"),
    "order.expired": _Told("order_expired", "Order {number} was not paid in time"),
    "refund.succeeded": _Told("refund_sent", "A refund for order {number} is on its way to you"),
}
#: What they do not: a refund that is only promised, or that staff has to try again, and what becomes of a request to
#: return, which is shown with the order and ends in a refund. A test wants every event of
#: orders and refunds in one of the two.
UNTOLD = frozenset(
    {
        "refund.requested",
        "refund.failed",
        "order.return_requested",
        "order.return_approved",
        "order.return_rejected",
    }
)


def on_event(event: Event) -> None:
    """Tell the customer, by mail and in the inbox. Nobody is told about the orders of nobody."""
    payload, told = event.payload, TOLD.get(event.type)
    if told is None:
        return
    assert isinstance(payload, OrderFact | RefundSucceeded)
    if payload.user_id is None:
        return
    order = order_with_buyer_get(order_id=payload.order_id)
    user = order.user
    if user is None or not user.is_active:
        return
    notification_add(
        user_id=user.pk,
        event_id=event.id,
        kind=event.type,
        title=told.title.format(number=payload.number),
        data={"order_id": payload.order_id, "number": payload.number},
    )
    email_intend(
        event_id=event.id,
        template=told.template,
        recipient=user.email,
        context=_context(user, order, payload),
    )


def on_password_reset_requested(event: Event) -> None:
    """Mail the proof that the account is theirs; it is made when the mail is."""
    assert isinstance(event.payload, PasswordResetRequested)
    user = user_find(user_id=event.payload.user_id)
    if user is not None and user.is_active:
        context = {**base_context(user), "user_id": user.pk}
        email_intend(event_id=event.id, template="password_reset", recipient=user.email, context=context)


def _context(user: User, order: Order, payload: OrderFact | RefundSucceeded) -> dict[str, Any]:
    if isinstance(payload, RefundSucceeded):
        amount = minor_to_decimal_string(payload.amount_minor, payload.currency)
        refund = {"amount": amount, "currency": payload.currency, "reason": payload.reason}
        return {**order_context(user, order), "refund": refund}
    return order_context(
        user, order, tracking=getattr(payload, "tracking", ""), reason=getattr(payload, "reason", "")
    )

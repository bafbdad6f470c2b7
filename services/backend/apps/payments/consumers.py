"""What payments do about events. They run in the transaction that marks the event; the provider is called after it."""

from functools import partial

from django.db import transaction

from apps.core.events import Event
from apps.fraud.services.assessments import order_assess
from apps.payments.models import Payment, Refund
from apps.payments.services.reconcile import order_closed_settle, order_reconcile
from meshop_shared.events import OrderCancelled, OrderExpired, PaymentSucceeded, RefundRequested


def on_order_closed(event: Event) -> None:
    """An order was cancelled or has expired: return its money, close its checkout page."""
    assert isinstance(event.payload, OrderCancelled | OrderExpired)
    order_id = event.payload.order_id
    if order_closed_settle(order_id):
        transaction.on_commit(partial(order_reconcile, order_id), robust=True)


def on_paid(event: Event) -> None:
    """Score the order again, now that its card is known; or for the first time, where checkout died before it."""
    assert isinstance(event.payload, PaymentSucceeded)
    card = (
        Payment.objects.filter(pk=event.payload.payment_id).values_list("card_fingerprint", flat=True).first()
    )
    transaction.on_commit(partial(order_assess, order_id=event.payload.order_id, card=card), robust=True)


def on_refund_requested(event: Event) -> None:
    """Carry out at once what nobody waits for at a screen; whoever does asks the provider themselves."""
    assert isinstance(event.payload, RefundRequested)
    if Refund.objects.filter(pk=event.payload.refund_id, origin=Refund.Origin.AUTOMATIC).exists():
        transaction.on_commit(partial(order_reconcile, event.payload.order_id), robust=True)

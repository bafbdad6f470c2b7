"""Applying what the provider says of a payment, wherever it was heard: webhook, answer or reconciler."""

from datetime import timedelta

import structlog
from django.db.models import Sum
from django.utils import timezone

from apps.core.events import event_emit
from apps.inventory.errors import ReservationLost
from apps.orders.errors import InvalidTransition
from apps.orders.services.money import order_payment_status_set
from apps.orders.services.orders import order_expire, order_mark_paid
from apps.orders.services.timeline import timeline_write
from apps.payments.metrics import outcome_count
from apps.payments.models import Payment, PaymentMethod
from apps.payments.providers.base import CardFacts, PaymentFacts
from apps.payments.services.ledger import capture_book, fee_book, sale_book
from apps.payments.services.refund_reservations import refund_rest_reserve
from apps.payments.states import PAYMENT_RANK, Observation, PaymentStatus

log = structlog.get_logger(__name__)

_NAMES = ("session_id", "session_url", "intent_id", "charge_id", "customer_ref")
_FEE_AFTER = timedelta(minutes=1)
_REFUSED = (PaymentStatus.DECLINED, PaymentStatus.FAILED)
_ENDED = (PaymentStatus.FAILED, PaymentStatus.CANCELLED)


def payment_observe(*, payment: Payment, facts: PaymentFacts) -> None:
    """Take ``facts`` into account, within a transaction that has locked ``payment``.

    Any order and any number of repetitions of the same facts end in the same payment, order, stock and ledger.
    """
    before = payment.status
    changed = _names_learn(payment, facts)
    code = facts.failure_code if facts.status in _REFUSED else ""
    known = Observation(payment.status, payment.status_at, payment.failure_code)
    if Observation(facts.status, facts.at, code).supersedes(known, PAYMENT_RANK):
        payment.status, payment.status_at, payment.failure_code = facts.status, facts.at, code
        payment.failure_message = facts.failure_message if code else ""
        changed = True
    if before != payment.status:
        outcome_count(payment.status)
    if before != PaymentStatus.SUCCEEDED == payment.status:
        payment.captured_minor = facts.captured_minor
        payment.next_check_at = timezone.now() + _FEE_AFTER
        _save(payment)
        _settle(payment, facts)
    elif before not in _ENDED and payment.status in _ENDED:
        payment.next_check_at = None
        _save(payment)
        _emit(payment, "payment.failed", failure_code=payment.failure_code)
    elif changed:
        _save(payment)
    if payment.status == PaymentStatus.SUCCEEDED:
        _extras_keep(payment, facts)


def _names_learn(payment: Payment, facts: PaymentFacts) -> bool:
    """Fill in the provider's names for things that we did not know yet; they never change once known."""
    learned = False
    for name in _NAMES:
        value = getattr(facts, name)
        if value and not getattr(payment, name):
            setattr(payment, name, value)
            learned = True
    return learned


def _save(payment: Payment) -> None:
    payment.updated_at = timezone.now()
    payment.save(
        update_fields=[
            *_NAMES, "status", "status_at", "failure_code", "failure_message", "captured_minor",
            "next_check_at", "updated_at",
        ]
    )  # fmt: skip


def _settle(payment: Payment, facts: PaymentFacts) -> None:
    """Book the money, and let it pay for the order. What can no longer be bought with it goes back."""
    capture_book(payment=payment)
    _emit(payment, "payment.succeeded")
    obstacle = _order_accept(payment, facts)
    if not obstacle:
        return
    log.warning("payment cannot be used", payment=payment.pk, order=payment.order_id, obstacle=obstacle)
    timeline_write(
        order_id=payment.order_id,
        type="payment_returned",
        message=f"A payment arrived, but {obstacle}. It is being returned.",
        data={"payment_id": payment.pk},
    )
    order_payment_status_refresh(order_id=payment.order_id)
    refund_rest_reserve(payment=payment, reason=f"The payment arrived, but {obstacle}.")


def _order_accept(payment: Payment, facts: PaymentFacts) -> str:
    """Mark the order as paid; why it could not be, as the end of a sentence, or nothing."""
    if facts.captured_minor != payment.amount_minor or facts.currency != payment.currency:
        return "it was not the amount asked for"
    try:
        order = order_mark_paid(order_id=payment.order_id)
    except InvalidTransition as error:
        cancelled = error.extra["status"] == "cancelled"
        return "the order had been cancelled" if cancelled else "the order had been paid already"
    except ReservationLost:
        order_expire(order_id=payment.order_id)
        return "the goods had been sold meanwhile"
    sale_book(payment=payment, order=order)
    return ""


def order_payment_status_refresh(*, order_id: int) -> None:
    """Let the order show what all its payments have received and returned; they must be locked."""
    sums = Payment.objects.filter(order_id=order_id).aggregate(
        received=Sum("captured_minor"), returned=Sum("refunded_minor")
    )
    order_payment_status_set(
        order_id=order_id, received_minor=sums["received"] or 0, returned_minor=sums["returned"] or 0
    )


def _extras_keep(payment: Payment, facts: PaymentFacts) -> None:
    """What is not needed for the sale and may come later: the fee, and the card if it is to be kept."""
    if facts.fee_minor is not None:
        fee_book(payment=payment, fee_minor=facts.fee_minor)
        if payment.next_check_at is not None:
            payment.next_check_at = None
            _save(payment)
    if facts.card is not None and facts.card.fingerprint and not payment.card_fingerprint:
        payment.card_fingerprint = facts.card.fingerprint
        payment.save(update_fields=["card_fingerprint"])
    if facts.card is not None and payment.save_method:
        _card_keep(payment, facts.card)


def _card_keep(payment: Payment, card: CardFacts) -> None:
    PaymentMethod.objects.get_or_create(
        provider=payment.provider,
        provider_ref=card.ref,
        defaults={
            "user_id": payment.user_id,
            "customer_ref": card.customer_ref,
            "brand": card.brand,
            "last4": card.last4,
            "exp_month": card.exp_month,
            "exp_year": card.exp_year,
        },
    )


def _emit(payment: Payment, type: str, **more: str) -> None:
    event_emit(
        type=type,
        aggregate=f"payment:{payment.pk}",
        payload={
            "payment_id": payment.pk,
            "order_id": payment.order_id,
            "number": payment.order.number,
            "user_id": payment.user_id,
            "currency": payment.currency,
            "amount_minor": payment.amount_minor,
            **more,
        },
    )

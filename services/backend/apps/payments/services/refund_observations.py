"""Applying what the provider says of a refund, wherever it was heard."""

from datetime import timedelta
from uuid import UUID

import structlog
from django.db.models import F
from django.utils import timezone

from apps.orders.services.timeline import timeline_write
from apps.payments.errors import RefundExceedsCaptured
from apps.payments.locks import payment_lock, payment_lock_by_names
from apps.payments.models import Payment, Refund
from apps.payments.providers.base import RefundFacts
from apps.payments.services.ledger import refund_book, refund_reverse_book
from apps.payments.services.observations import order_payment_status_refresh
from apps.payments.services.refund_reservations import refund_emit, refund_reserve
from apps.payments.states import REFUND_GONE, REFUND_RANK, UNDECIDED, Observation, RefundStatus
from meshop_shared.money import minor_to_decimal_string

log = structlog.get_logger(__name__)

_FOREIGN = "Made at the payment provider."
_RECHECK = timedelta(minutes=10)


def refund_observe(*, provider: str, facts: RefundFacts) -> Payment | None:
    """Take ``facts`` into account, in the current transaction; any order and repetition ends in the same state.

    ``None`` when they speak of a refund that cannot be ours yet: of a payment that we do not know, or that we do
    not know to have succeeded.
    """
    refund = _refund_lock(provider, facts)
    if refund is None:
        return None
    known = Observation(refund.status, refund.status_at, refund.failure_code)
    if not Observation(facts.status, facts.at, facts.failure_code).supersedes(known, REFUND_RANK):
        return refund.payment
    before, refund.status, refund.status_at = refund.status, facts.status, facts.at
    refund.provider_refund_id = refund.provider_refund_id or facts.refund_id
    refund.failure_code = facts.failure_code
    refund.next_check_at = timezone.now() + _RECHECK if refund.status in UNDECIDED else None
    refund.updated_at = timezone.now()
    refund.save(
        update_fields=[
            "status", "status_at", "provider_refund_id", "failure_code", "next_check_at", "updated_at",
        ]
    )  # fmt: skip
    if before != RefundStatus.SUCCEEDED == refund.status:
        _arrived(refund)
    elif before not in REFUND_GONE and refund.status in REFUND_GONE:
        _gone(refund, had_arrived=before == RefundStatus.SUCCEEDED)
    return refund.payment


def _refund_lock(provider: str, facts: RefundFacts) -> Refund | None:
    """The refund, its payment locked; made here if somebody made it at the provider."""
    known = _known(facts)
    if known is not None:
        payment = payment_lock(payment_id=known.payment_id)
    else:
        found = payment_lock_by_names(
            reference=None, session_id="", intent_id=facts.intent_id, provider=provider
        )
        if found is None:
            return None
        payment = found
    refund = _known(facts) or _foreign_refund_make(payment, facts)
    if refund is not None:
        refund.payment = payment
    return refund


def _known(facts: RefundFacts) -> Refund | None:
    reference = _uuid(facts.reference)
    ours = Refund.objects.filter(reference=reference).first() if reference else None
    if ours is None and facts.refund_id:
        return Refund.objects.filter(provider_refund_id=facts.refund_id).first()
    return ours


def _foreign_refund_make(payment: Payment, facts: RefundFacts) -> Refund | None:
    """Count what somebody made at the provider. One that has failed already needs no money set aside."""
    if facts.status in REFUND_GONE:
        return Refund.objects.create(
            payment=payment, origin=Refund.Origin.PROVIDER, amount_minor=facts.amount_minor, reason=_FOREIGN,
            status=facts.status, status_at=facts.at, provider_refund_id=facts.refund_id,
            failure_code=facts.failure_code,
        )  # fmt: skip
    try:
        return refund_reserve(
            payment=payment,
            amount_minor=facts.amount_minor,
            origin=Refund.Origin.PROVIDER,
            reason=_FOREIGN,
            provider_refund_id=facts.refund_id,
        )
    except RefundExceedsCaptured:
        return None


def _arrived(refund: Refund) -> None:
    Payment.objects.filter(pk=refund.payment_id).update(
        refunded_minor=F("refunded_minor") + refund.amount_minor, updated_at=timezone.now()
    )
    refund_book(refund=refund)
    order_payment_status_refresh(order_id=refund.payment.order_id)
    _note(refund, "refunded", "was returned")
    refund_emit(refund, "refund.succeeded")


def _gone(refund: Refund, *, had_arrived: bool) -> None:
    """Free the amount; if it had been counted as returned, take that back too."""
    returned = refund.amount_minor if had_arrived else 0
    Payment.objects.filter(pk=refund.payment_id).update(
        refund_reserved_minor=F("refund_reserved_minor") - refund.amount_minor,
        refunded_minor=F("refunded_minor") - returned,
        updated_at=timezone.now(),
    )
    if had_arrived:
        refund_reverse_book(refund=refund)
        order_payment_status_refresh(order_id=refund.payment.order_id)
    log.error("refund failed", refund=refund.pk, payment=refund.payment_id, code=refund.failure_code)
    _note(refund, "refund_failed", "could not be returned")
    refund_emit(refund, "refund.failed", failure_code=refund.failure_code)


def _note(refund: Refund, type: str, what: str) -> None:
    currency = refund.payment.currency
    amount = minor_to_decimal_string(refund.amount_minor, currency)
    timeline_write(
        order_id=refund.payment.order_id,
        type=type,
        message=f"{currency} {amount} {what}.",
        data={"refund_id": refund.pk, "payment_id": refund.payment_id, "amount": amount},
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

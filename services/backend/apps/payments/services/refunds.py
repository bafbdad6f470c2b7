"""Returning money in three steps: set it aside and commit, ask the provider, record the answer and commit."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.audit.services import audit_record
from apps.core.failpoints import failpoint
from apps.orders.services.timeline import timeline_write
from apps.payments.bootstrap import payment_provider
from apps.payments.errors import RefundFailed
from apps.payments.locks import payment_lock
from apps.payments.models import Payment, Refund
from apps.payments.providers.base import ProviderRefused, ProviderUnavailable, RefundFacts, RefundRequest
from apps.payments.services.refund_observations import refund_observe
from apps.payments.services.refund_reservations import refund_reserve, units_by_item
from apps.payments.states import RefundStatus
from meshop_shared.errors import ValidationFailed
from meshop_shared.money import decimal_to_minor

log = structlog.get_logger(__name__)

_RETRY = timedelta(seconds=30)


def payment_refund(
    *,
    payment_id: int,
    amount: str | None,
    lines: list[dict[str, Any]] | None,
    reason: str,
    actor: AbstractBaseUser,
    idempotency_key: str | None,
    record: Callable[[Refund], None],
) -> Refund:
    """Return an amount, the price of lines, or all that is left of a payment.

    ``record`` is called in the last transaction. A provider that does not answer leaves the refund ``requested``: it
    is decided, and the reconciler goes on asking. Raises ``RefundExceedsCaptured``, ``RefundLineInvalid``,
    ``RefundFailed`` and ``ValidationFailed``.
    """
    digest = _key_digest(actor, idempotency_key)
    refund, is_new = _reserve(payment_id, amount, lines, reason, actor, digest)
    try:
        refund_submit(refund_id=refund.pk, is_new=is_new, record=record)
    except ProviderUnavailable:
        _record(refund, None, record)
    refund.refresh_from_db()
    if refund.status == RefundStatus.FAILED:
        raise RefundFailed(extra={"reason": refund.failure_code, "refund_id": refund.pk})
    return refund


@transaction.atomic(savepoint=False)
def _reserve(
    payment_id: int,
    amount: str | None,
    lines: list[dict[str, Any]] | None,
    reason: str,
    actor: AbstractBaseUser,
    digest: str,
) -> tuple[Refund, bool]:
    """The first step. A request that was seen before finds what it made then."""
    payment = payment_lock(payment_id=payment_id)
    known = payment.refunds.filter(idempotency_key=digest).first() if digest else None
    if known is not None:
        return known, False
    reserved = payment.refund_reserved_minor
    refund = refund_reserve(
        payment=payment,
        amount_minor=_minor(amount, payment),
        units=units_by_item(order_id=payment.order_id, lines=lines) if lines else None,
        origin=Refund.Origin.STAFF,
        reason=reason,
        actor=actor,
        idempotency_key=digest,
    )
    timeline_write(
        order_id=payment.order_id,
        type="refund_requested",
        message="A refund was started.",
        data={"refund_id": refund.pk, "payment_id": payment.pk},
        actor=actor,
    )
    audit_record(
        actor=actor,
        action="refund.request",
        target=f"payment:{payment.pk}",
        before={"refund_reserved_minor": reserved},
        after={
            "refund_reserved_minor": payment.refund_reserved_minor,
            "refund_id": refund.pk,
            "amount_minor": refund.amount_minor,
            "currency": payment.currency,
            "lines": refund.lines,
            "reason": reason,
        },
    )
    failpoint("refund.reserving")
    transaction.on_commit(lambda: failpoint("refund.reserved"))
    return refund, True


def refund_submit(
    *, refund_id: int, is_new: bool = False, record: Callable[[Refund], None] | None = None
) -> Refund:
    """Have a requested refund carried out, once: the second and third step. Raises ``ProviderUnavailable``.

    Unless it ``is_new`` the provider is first asked whether it knows of it, for idempotency keys do not live
    forever.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.status != RefundStatus.REQUESTED or refund.provider_refund_id:
        return _record(refund, None, record)
    Refund.objects.filter(pk=refund.pk).update(next_check_at=timezone.now() + _RETRY)
    facts = _ask(refund, look_first=not is_new)
    failpoint("refund.called")
    return _record(refund, facts, record)


def _ask(refund: Refund, *, look_first: bool) -> RefundFacts:
    provider, intent_id = payment_provider(), refund.payment.intent_id
    found = provider.refund_find(intent_id=intent_id, reference=refund.reference) if look_first else None
    if found is not None:
        return found
    request = RefundRequest(refund.reference, intent_id, refund.amount_minor, refund.reason)
    try:
        return provider.refund_create(request)
    except ProviderRefused as error:
        return RefundFacts(
            status=RefundStatus.FAILED,
            at=timezone.now(),
            refund_id="",
            intent_id=intent_id,
            amount_minor=refund.amount_minor,
            currency=refund.payment.currency,
            reference=str(refund.reference),
            failure_code=str(error.extra.get("reason", ""))[:80],
        )


@transaction.atomic(savepoint=False)
def _record(refund: Refund, facts: RefundFacts | None, record: Callable[[Refund], None] | None) -> Refund:
    """The third step."""
    if facts is not None:
        refund_observe(provider=refund.payment.provider, facts=facts)
    refund.refresh_from_db()
    if record is not None and refund.status != RefundStatus.FAILED:
        record(refund)
    failpoint("refund.recording")
    transaction.on_commit(lambda: failpoint("refund.recorded"))
    return refund


def _minor(amount: str | None, payment: Payment) -> int | None:
    if amount is None:
        return None
    try:
        minor = decimal_to_minor(amount, payment.currency)
    except ValueError as error:
        raise ValidationFailed.for_field("amount", str(error)) from error
    if minor <= 0:
        raise ValidationFailed.for_field("amount", "The amount must be more than zero.")
    return minor


def _key_digest(actor: AbstractBaseUser, key: str | None) -> str:
    return hashlib.sha256(f"{actor.pk}\n{key}".encode()).hexdigest() if key else ""

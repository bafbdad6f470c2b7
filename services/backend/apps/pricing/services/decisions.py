"""Approving, rejecting and applying. Limits are looked at again at the moment a price changes."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.audit.services import audit_record
from apps.orders.services.held_prices import cart_prices_hold
from apps.pricing.errors import PriceProposalDecided
from apps.pricing.locks import freeze_lock, proposal_lock
from apps.pricing.models import PriceProposal
from apps.pricing.selectors import priced_products
from apps.products.locks import product_lock
from apps.products.services.products import product_update
from meshop_shared.price_guards import price_violations

Status = PriceProposal.Status
log = structlog.get_logger(__name__)


@transaction.atomic
def proposal_approve(
    *, proposal_id: int, apply_at: datetime | None, actor: AbstractBaseUser
) -> PriceProposal:
    """Approve; the price changes now, or at ``apply_at``.

    Raises ``PriceProposalNotFound`` and ``PriceProposalDecided``.
    """
    freeze_lock()
    row = _open(proposal_id)
    now = timezone.now()
    row.status, row.decided_by_id, row.decided_at = Status.APPROVED, actor.pk, now
    row.apply_at = apply_at or now
    row.save()
    _audit("price.approve", row, actor)
    if row.apply_at <= now:
        proposal_apply(proposal_id=row.pk)
        row.refresh_from_db()
    return row


@transaction.atomic
def proposal_reject(*, proposal_id: int, note: str, actor: AbstractBaseUser) -> PriceProposal:
    """Reject; the price stays. Raises ``PriceProposalNotFound`` and ``PriceProposalDecided``."""
    row = _open(proposal_id)
    row.status, row.decided_by_id, row.decided_at = Status.REJECTED, actor.pk, timezone.now()
    row.note = note or row.note
    row.save()
    _audit("price.reject", row, actor)
    return row


@transaction.atomic
def proposal_apply(*, proposal_id: int) -> bool:
    """Change the price of an approved proposal whose time has come; applying it again changes nothing.

    With the switch on it waits. If it would break a limit by now it fails. Carts that hold the product keep a lower
    price for ``PRICE_HOLD_MINUTES``.
    """
    switch = freeze_lock()
    row = proposal_lock(proposal_id=proposal_id)
    now = timezone.now()
    if row.status != Status.APPROVED or switch.frozen or row.apply_at is None or row.apply_at > now:
        return False
    product = product_lock(row.product_id)
    priced = priced_products(product_ids=[row.product_id], now=now, frozen=False).get(row.product_id)
    broken = (
        price_violations(row.proposed_minor, recent=priced.recent, limits=priced.limits)
        if priced
        else ["limits"]
    )
    if broken or product.currency != row.currency:
        row.status = Status.FAILED
        row.note = f"It would break limits by now: {', '.join(broken or ['currency'])}."
        row.save()
        log.warning("price not applied", proposal=row.pk, limits=broken)
        return False
    if row.proposed_minor > product.price_minor:
        until = now + timedelta(minutes=settings.MESHOP.price_hold_minutes)
        cart_prices_hold(product_id=product.pk, price_minor=product.price_minor, until=until)
    product_update(product_id=product.pk, data={"price_minor": row.proposed_minor}, actor=row.decided_by)
    row.status, row.applied_at = Status.APPLIED, now
    row.save()
    return True


def proposals_apply_due(*, limit: int = 500) -> int:
    """Apply what is due, each in a transaction of its own; how many prices changed."""
    due = PriceProposal.objects.filter(status=Status.APPROVED, apply_at__lte=timezone.now())
    ids = list(due.order_by("apply_at").values_list("pk", flat=True)[:limit])
    return sum(proposal_apply(proposal_id=pk) for pk in ids)


def _open(proposal_id: int) -> PriceProposal:
    row = proposal_lock(proposal_id=proposal_id)
    if row.status != Status.OPEN:
        raise PriceProposalDecided(extra={"status": row.status})
    return row


def _audit(action: str, row: PriceProposal, actor: AbstractBaseUser) -> None:
    after = {
        "status": str(row.status), "price_minor": row.proposed_minor, "apply_at": row.apply_at, "note": row.note,
        "source": row.source,
    }  # fmt: skip
    before = {"status": str(Status.OPEN), "price_minor": row.current_minor}
    audit_record(actor=actor, action=action, target=f"price_proposal:{row.pk}", before=before, after=after)

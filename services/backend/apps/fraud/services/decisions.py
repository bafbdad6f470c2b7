"""What people decide, and what turns out: each becomes a label that the service learns from."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from apps.audit.services import audit_record
from apps.fraud.errors import FraudReviewDecided
from apps.fraud.locks import review_lock
from apps.fraud.models import FraudReview
from apps.orders.errors import InvalidTransition
from apps.orders.services.holds import order_release
from apps.orders.services.orders import order_cancel

Status, LabelSource = FraudReview.Status, FraudReview.LabelSource


@transaction.atomic
def review_decide(*, review_id: int, approve: bool, note: str, actor: AbstractBaseUser) -> FraudReview:
    """Let the order go, or cancel it: its stock is freed and its money goes back as with any cancelled order.

    An order that has left, or was cancelled, stays as it is; the decision is kept as what was learned. Raises
    ``FraudReviewNotFound`` and ``FraudReviewDecided``.
    """
    review = review_lock(review_id=review_id)
    if review.status != Status.OPEN:
        raise FraudReviewDecided(extra={"status": review.status})
    before = _state(review)
    review.status = Status.APPROVED if approve else Status.REJECTED
    review.decided_by_id, review.decided_at, review.note = actor.pk, timezone.now(), note
    if approve:
        order_release(order_id=review.order_id)
    else:
        _cancel(review, actor)
    _label(review, fraud=not approve, source=LabelSource.ANALYST)
    review.save()
    _audit("fraud.approve" if approve else "fraud.reject", review, before, actor)
    return review


@transaction.atomic
def review_label(*, review_id: int, fraud: bool, note: str, actor: AbstractBaseUser) -> FraudReview:
    """Say what an order turned out to be, as when a chargeback arrives weeks later; the last word counts."""
    review = review_lock(review_id=review_id)
    before = _state(review)
    _label(review, fraud=fraud, source=LabelSource.LATER)
    review.note = note or review.note
    review.save()
    _audit("fraud.label", review, before, actor)
    return review


def _cancel(review: FraudReview, actor: AbstractBaseUser) -> None:
    try:
        with transaction.atomic():
            order_cancel(order_id=review.order_id, actor=actor, reason="The order could not be verified.")
    except InvalidTransition:
        return  # it has left, or was cancelled before


def _label(review: FraudReview, *, fraud: bool, source: str) -> None:
    review.fraud, review.label_source, review.labelled_at = fraud, source, timezone.now()
    review.label_told = False
    review.updated_at = timezone.now()


def _state(review: FraudReview) -> dict[str, object]:
    return {"status": str(review.status), "fraud": review.fraud}


def _audit(action: str, review: FraudReview, before: dict[str, object], actor: AbstractBaseUser) -> None:
    after = {**_state(review), "order": review.order_id, "note": review.note}
    audit_record(actor=actor, action=action, target=f"fraud_review:{review.pk}", before=before, after=after)

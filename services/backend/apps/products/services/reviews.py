"""Reviews and their votes. A product's rating is worked out anew in the transaction that changes it."""

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils import timezone

from apps.audit.services import audit_record
from apps.core.constraints import violated_constraint
from apps.core.events import event_emit
from apps.core.response_cache import CATALOGUE, stamp_bump
from apps.products.errors import AlreadyVoted, OwnReview, ProductNotFound, ReviewExists
from apps.products.locks import product_lock, review_lock
from apps.products.models import ProductReview, ReviewHelpful
from apps.products.text import has_link

Status = ProductReview.Status

_RATING = """
UPDATE products_product p SET rating = r.rating, review_count = r.count
FROM (SELECT coalesce(avg(rating), 0) AS rating, count(*) AS count
      FROM products_productreview WHERE product_id = %(id)s AND status = 'approved') r
WHERE p.id = %(id)s AND (p.rating, p.review_count) IS DISTINCT FROM (r.rating, r.count)
"""


@transaction.atomic
def review_create(
    *,
    user: AbstractBaseUser,
    product_id: int,
    rating: int,
    title: str = "",
    body: str = "",
    verified_purchase: bool = False,
) -> ProductReview:
    """Add the user's one review of a product; texts are plain. Raises ``ProductNotFound``, ``ReviewExists``."""
    if not product_lock(product_id, missing=ProductNotFound).is_active:
        raise ProductNotFound()
    try:
        with transaction.atomic():
            review = ProductReview.objects.create(
                product_id=product_id,
                user_id=user.pk,
                rating=rating,
                title=title,
                body=body,
                verified_purchase=verified_purchase,
                status=_first_status(title, body),
            )
    except IntegrityError as error:
        if violated_constraint(error) == "review_one_per_user":
            raise ReviewExists() from error
        raise
    _changed("review.created", review)
    return review


@transaction.atomic
def review_update(
    *, review_id: int, rating: int | None = None, title: str | None = None, body: str | None = None
) -> ProductReview:
    """Change what the author says; it goes through moderation again. What is not shown waits for staff."""
    review = review_lock(review_id)
    review.rating = review.rating if rating is None else rating
    review.title = review.title if title is None else title
    review.body = review.body if body is None else body
    shown = review.status == Status.APPROVED
    review.status = _first_status(review.title, review.body) if shown else Status.PENDING
    review.updated_at = timezone.now()
    review.save(update_fields=["rating", "title", "body", "status", "updated_at"])
    _changed("review.updated", review)
    return review


@transaction.atomic
def review_moderate(*, review_id: int, status: str, actor: AbstractBaseUser | None = None) -> ProductReview:
    """Approve or reject; the caller has checked that this is theirs to decide."""
    review = review_lock(review_id)
    before = review.status
    review.status, review.updated_at = status, timezone.now()
    review.save(update_fields=["status", "updated_at"])
    _changed("review.moderated", review)
    audit_record(
        actor=actor,
        action="review.moderate",
        target=f"review:{review.pk}",
        before={"status": before},
        after={"status": status},
    )
    return review


@transaction.atomic
def review_delete(*, review_id: int, actor: AbstractBaseUser | None = None) -> None:
    """Remove a review with its votes; ``actor`` is staff who removes somebody else's."""
    review = review_lock(review_id)
    ProductReview.objects.filter(pk=review_id).delete()
    _changed("review.deleted", review)
    before = {
        name: getattr(review, name) for name in ("product_id", "user_id", "rating", "title", "body", "status")
    }
    audit_record(actor=actor, action="review.delete", target=f"review:{review_id}", before=before)


@transaction.atomic
def review_vote_helpful(*, review_id: int, user: AbstractBaseUser) -> ProductReview:
    """Count the user's one vote. Raises ``OwnReview``, ``AlreadyVoted``."""
    review = review_lock(review_id)
    if review.user_id == user.pk:
        raise OwnReview()
    try:
        with transaction.atomic():
            ReviewHelpful.objects.create(review_id=review.pk, user_id=user.pk)
    except IntegrityError as error:
        if violated_constraint(error) == "helpful_once_per_user":
            raise AlreadyVoted() from error
        raise
    ProductReview.objects.filter(pk=review.pk).update(helpful_count=F("helpful_count") + 1)
    review.refresh_from_db(fields=["helpful_count"])
    payload = {"review_id": review.pk, "product_id": review.product_id, "helpful_count": review.helpful_count}
    event_emit(type="review.voted", aggregate=f"review:{review.pk}", payload=payload)
    return review


def _first_status(title: str, body: str) -> ProductReview.Status:
    """Pending under ``REVIEW_MODERATION=pre``, and always for texts that advertise an address."""
    held = settings.MESHOP.review_moderation == "pre" or has_link(title) or has_link(body)
    return Status.PENDING if held else Status.APPROVED


def _changed(type: str, review: ProductReview) -> None:
    """Bring the product's rating up to date and say what happened.

    The caller holds the product's lock, so this statement sees every review committed before it: two reviewers at
    once never lose one of their ratings.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RATING, {"id": review.product_id})
    payload = {
        "review_id": review.pk,
        "product_id": review.product_id,
        "rating": review.rating,
        "status": str(review.status),
    }
    event_emit(type=type, aggregate=f"review:{review.pk}", payload=payload)
    stamp_bump(CATALOGUE)

"""Row locks of this app; the order comes after its review."""

from apps.fraud.errors import FraudReviewNotFound
from apps.fraud.models import FraudReview


def review_lock(*, review_id: int) -> FraudReview:
    """Lock a review until the transaction ends. Raises :class:`FraudReviewNotFound`."""
    review = FraudReview.objects.select_for_update().filter(pk=review_id).first()
    if review is None:
        raise FraudReviewNotFound()
    return review

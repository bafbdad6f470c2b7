"""Reading reviews, and what an order says about itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps.fraud.errors import FraudReviewNotFound
from apps.fraud.models import FraudReview
from apps.orders.models import Order

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What is scored of an order; ``recent`` are the user's other orders of the day before it."""

    order_id: int
    user_id: int | None
    currency: str
    total_minor: int
    address: dict[str, str]
    placed_at: datetime
    recent: int


def review_list(*, status: str | None = None, action: str | None = None) -> QuerySet[FraudReview]:
    """Reviews with their orders."""
    rows = FraudReview.objects.select_related("order", "decided_by")
    if status:
        rows = rows.filter(status=status)
    return rows.filter(action=action) if action else rows


def review_get(*, review_id: int) -> FraudReview:
    """One review. Raises :class:`FraudReviewNotFound`."""
    row = review_list().filter(pk=review_id).first()
    if row is None:
        raise FraudReviewNotFound()
    return row


def order_facts_get(*, order_id: int) -> OrderFacts | None:
    """What is known of an order, if it exists."""
    order = Order.objects.filter(pk=order_id).first()
    if order is None:
        return None
    recent = 0
    if order.user_id is not None:
        others = Order.objects.filter(user_id=order.user_id, id__lt=order.pk)
        recent = others.filter(created_at__gt=order.created_at - _DAY).count()
    return OrderFacts(
        order.pk,
        order.user_id,
        order.currency,
        order.total_minor,
        order.shipping_address,
        order.created_at,
        recent,
    )


def signals_known(*, order_id: int) -> dict[str, str]:
    """Digests that an earlier score of the order was made of."""
    return FraudReview.objects.filter(order_id=order_id).values_list("signals", flat=True).first() or {}

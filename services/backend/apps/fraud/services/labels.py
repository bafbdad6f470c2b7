"""Labels on their way: what time has told, and what the service has not learned yet."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from apps.core.ai_client import AiUnavailable, ai_ask
from apps.fraud.models import FraudReview
from apps.fraud.services.assessments import SERVICE

_BATCH = 500


def labels_tell(*, limit: int = _BATCH) -> int:
    """Tell the service labels that it does not have; how many it took. Telling one twice changes nothing.

    A label that changes while it is being told stays to be told again.
    """
    told = 0
    for review in FraudReview.objects.filter(label_told=False).order_by("id")[:limit]:
        assert review.labelled_at is not None
        question = {
            "order": str(review.order_id), "fraud": review.fraud, "at": review.labelled_at.timestamp(),
        }  # fmt: skip
        try:
            ai_ask(SERVICE, "/v1/feedback", question, deadline_s=2.0)
        except AiUnavailable:
            return told
        same = FraudReview.objects.filter(pk=review.pk, labelled_at=review.labelled_at)
        told += same.update(label_told=True)
    return told


def labels_by_time(*, limit: int = _BATCH) -> int:
    """Take orders that nobody complained about for honest ones; how many."""
    now = timezone.now()
    due = now - timedelta(days=settings.MESHOP.fraud_label_days)
    ids = FraudReview.objects.filter(fraud__isnull=True, created_at__lt=due).order_by("id")
    return FraudReview.objects.filter(pk__in=list(ids.values_list("pk", flat=True)[:limit])).update(
        fraud=False,
        label_source=FraudReview.LabelSource.TIME,
        labelled_at=now,
        label_told=False,
        updated_at=now,
    )

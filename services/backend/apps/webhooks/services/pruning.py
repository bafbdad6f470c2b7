"""Forgetting old deliveries."""

from datetime import timedelta

from django.utils import timezone

from apps.webhooks.models import WebhookDelivery

DELIVERY_DAYS = 30
_BATCH = 1_000


def deliveries_prune() -> int:
    """Delete deliveries with their attempts beyond their time, in batches; return how many."""
    cutoff = timezone.now() - timedelta(days=DELIVERY_DAYS)
    total = 0
    while True:
        batch = WebhookDelivery.objects.order_by("pk").values_list("pk", "created_at")[:_BATCH]
        old = [pk for pk, created_at in batch if created_at < cutoff]
        WebhookDelivery.objects.filter(pk__in=old).delete()
        total += len(old)
        if len(old) < _BATCH:
            return total

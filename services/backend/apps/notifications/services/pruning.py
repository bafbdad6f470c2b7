"""Forgetting what people were told."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from apps.notifications.models import EmailLog, Notification

MAIL_DAYS = 90
NOTIFICATION_DAYS = 365
_BATCH = 1_000


def notifications_prune() -> int:
    """Delete finished mails and notifications beyond their time, in batches; return how many."""
    finished = EmailLog.objects.filter(state__in=[EmailLog.State.SENT, EmailLog.State.FAILED])
    return _prune(finished, MAIL_DAYS) + _prune(Notification.objects.all(), NOTIFICATION_DAYS)


def _prune(rows: QuerySet, days: int) -> int:
    """Delete from the old end while a whole batch is beyond its time: never looks at more than one batch in vain."""
    total, cutoff = 0, timezone.now() - timedelta(days=days)
    while True:
        batch = rows.order_by("pk").values_list("pk", "created_at")[:_BATCH]
        old = [pk for pk, created_at in batch if created_at < cutoff]
        rows.model._default_manager.filter(pk__in=old).delete()
        total += len(old)
        if len(old) < _BATCH:
            return total

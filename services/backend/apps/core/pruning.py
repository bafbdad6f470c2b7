"""Deleting old rows of the backbone, a small transaction at a time, oldest first."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from apps.core.models import EventRetry, IdempotencyRecord, InboxEvent, OutboxEvent

_BATCH = 1_000
IDEMPOTENCY_DAYS = 2

log = structlog.get_logger(__name__)


def backbone_prune() -> dict[str, int]:
    """Delete published events, inbox rows, dead deliveries and idempotency records beyond their time; count them.

    Inbox rows stay twice as long as events: whatever is published again from the outbox must still be recognised.
    """
    now, keep = timezone.now(), timedelta(days=settings.MESHOP.event_retention_days)
    dead = EventRetry.objects.filter(is_dead=True)
    deleted = {
        "outbox": _prune(OutboxEvent.objects.order_by("id"), "published_at", now - keep),
        "inbox": _prune(InboxEvent.objects.order_by("id"), "processed_at", now - 2 * keep),
        "dead": _prune(dead.order_by("id"), "created_at", now - 2 * keep),
        "idempotency": _prune(
            IdempotencyRecord.objects.order_by("created_at"),
            "created_at",
            now - timedelta(days=IDEMPOTENCY_DAYS),
        ),
    }
    log.info("pruned", **deleted)
    return deleted


def _prune(rows: QuerySet, field: str, cutoff: datetime) -> int:
    """Delete from the old end while a whole batch is beyond its time: never looks at more than one batch in vain."""
    total = 0
    while True:
        batch = rows.values_list("pk", field)[:_BATCH]
        old = [pk for pk, at in batch if at is not None and at < cutoff]
        rows.model._default_manager.filter(pk__in=old).delete()
        total += len(old)
        if len(old) < _BATCH:
            return total

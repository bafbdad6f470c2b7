"""Old rows go, needed ones stay."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core import pruning
from apps.core.models import EventRetry, IdempotencyRecord, InboxEvent, OutboxEvent
from apps.core.pruning import backbone_prune

pytestmark = pytest.mark.django_db


def days_ago(days: float):
    return timezone.now() - timedelta(days=days)


def test_what_is_old_goes_in_small_batches(monkeypatch, settings):
    monkeypatch.setattr(pruning, "_BATCH", 2)
    keep = settings.MESHOP.event_retention_days
    for age in (keep + 1, keep + 1, keep + 1, keep - 1):
        OutboxEvent.objects.create(type="x.y", aggregate="x:1", published_at=days_ago(age))
    unpublished = OutboxEvent.objects.create(type="x.y", aggregate="x:1", created_at=days_ago(keep + 5))
    for age in (2 * keep + 1, keep + 1):
        InboxEvent.objects.create(
            event_id=unpublished.event_id, consumer=f"c{age}", processed_at=days_ago(age)
        )
    for dead in (True, False):
        EventRetry.objects.create(
            event_id=unpublished.event_id,
            consumer=str(dead),
            message={},
            is_dead=dead,
            created_at=days_ago(2 * keep + 1),
        )
    for age in (3, 1):
        IdempotencyRecord.objects.create(scope="s", key=str(age), fingerprint="f", created_at=days_ago(age))
    assert backbone_prune() == {"outbox": 3, "inbox": 1, "dead": 1, "idempotency": 1}
    assert OutboxEvent.objects.filter(pk=unpublished.pk).exists()
    assert not EventRetry.objects.get().is_dead
    assert backbone_prune() == {"outbox": 0, "inbox": 0, "dead": 0, "idempotency": 0}

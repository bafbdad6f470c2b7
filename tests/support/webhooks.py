"""Endpoints, events for them, and moving their clocks."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.core.events import event_emit
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services.endpoints import endpoint_create
from tests.support.delivery import events_deliver

PAID = {"order_id": 1, "number": "M-1", "user_id": None, "currency": "GBP", "total_minor": 100}


def endpoint_make(url: str, *events: str, **state: Any) -> WebhookEndpoint:
    """Make an endpoint, by default for everything."""
    endpoint = endpoint_create(url=url, events=events or ("*",))
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**state)
    endpoint.refresh_from_db()
    return endpoint


def emit(type: str = "order.paid", count: int = 1, **payload: Any) -> None:
    """Emit events; nobody has delivered them yet."""
    with transaction.atomic():
        for _ in range(count):
            event_emit(type=type, aggregate="order:1", payload=PAID | payload)


def happen(type: str = "order.paid", count: int = 1, **payload: Any) -> None:
    """Let events happen, and workers take them."""
    emit(type, count, **payload)
    events_deliver()


def time_passes() -> None:
    """Every pause and lease is over."""
    before = timezone.now() - timedelta(seconds=1)
    WebhookDelivery.objects.filter(state__in=["queued", "sending"]).update(next_attempt_at=before)
    WebhookEndpoint.objects.exclude(paused_until=None).update(paused_until=before)

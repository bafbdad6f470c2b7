"""Handing events to the shop's consumers as relay and workers do, without either."""

import orjson
from django.conf import settings
from django.utils import timezone

from apps.core.events import event_message
from apps.core.inbox import event_deliver
from apps.core.models import EventRetry, OutboxEvent
from apps.core.subscriptions import subscriptions_for


def events_deliver(*, times: int = 1) -> list[str]:
    """Deliver what waits in the outbox, ``times`` times; the types. Fails if a consumer did."""
    rows = list(OutboxEvent.objects.filter(published_at=None).order_by("id"))
    for row in rows * times:
        message = orjson.loads(orjson.dumps(event_message(row)))
        for subscription in subscriptions_for(row.type, settings.SUBSCRIPTIONS):
            event_deliver(consumer=subscription.consumer, message=message)
    OutboxEvent.objects.filter(pk__in=[row.pk for row in rows]).update(published_at=timezone.now())
    assert list(EventRetry.objects.values_list("consumer", "error")) == []
    return [row.type for row in rows]

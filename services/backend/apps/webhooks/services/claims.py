"""Taking deliveries to attempt. An endpoint's row is the lock of its deliveries, so that its limits hold exactly."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.webhooks.locks import endpoints_lock
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services.endpoints import endpoint_keys

State = WebhookDelivery.State
#: Calls of one endpoint at a time; of one that has been failing, a single one that finds out.
MAX_IN_FLIGHT = 4
MAX_IN_FLIGHT_FAILING = 1


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed delivery with all that calling its endpoint takes."""

    delivery_id: int
    endpoint_id: int
    attempt: int
    event_id: UUID
    url: str
    body: bytes
    keys: tuple[str, ...]


@transaction.atomic
def deliveries_claim(*, limit: int, event_id: UUID | None = None) -> list[Parcel]:
    """Take due deliveries, at most ``limit`` and no more per endpoint than it may have in flight.

    With ``event_id``: those of that event, and none whose endpoint has been failing. Those wait for the sweep, which
    calls many endpoints at a time: whoever applies events must not wait for the dead.
    """
    now = timezone.now()
    due = WebhookDelivery.objects.filter(state__in=[State.QUEUED, State.SENDING], next_attempt_at__lte=now)
    ready = Q(endpoint__paused_until=None) | Q(endpoint__paused_until__lte=now)
    candidates = due.filter(ready, endpoint__is_enabled=True)
    if event_id is not None:
        due = due.filter(event_id=event_id)
        candidates = candidates.filter(event_id=event_id, endpoint__consecutive_failures=0)
    waiting = set(candidates.order_by().values_list("endpoint_id", flat=True).distinct()[:limit])
    parcels: list[Parcel] = []
    for endpoint in endpoints_lock(waiting, wait=event_id is not None):
        if _may_be_called(endpoint):
            free = min(_allowance(endpoint) - _in_flight(endpoint), limit - len(parcels))
            for delivery in due.filter(endpoint=endpoint).order_by("next_attempt_at", "id")[: max(0, free)]:
                parcels.append(_claim(delivery, endpoint))
    return parcels


def lease() -> timedelta:
    """Longer than any call lasts, with the time it may wait for its turn and to be written down."""
    return timedelta(seconds=settings.MESHOP.webhook_timeout_s + 60)


def _may_be_called(endpoint: WebhookEndpoint) -> bool:
    """Look again: it may have been disabled or begun to fail while we waited for its lock."""
    return endpoint.is_enabled and (endpoint.paused_until is None or endpoint.paused_until <= timezone.now())


def _allowance(endpoint: WebhookEndpoint) -> int:
    return MAX_IN_FLIGHT_FAILING if endpoint.consecutive_failures else MAX_IN_FLIGHT


def _in_flight(endpoint: WebhookEndpoint) -> int:
    return WebhookDelivery.objects.filter(
        endpoint=endpoint, state=State.SENDING, next_attempt_at__gt=timezone.now()
    ).count()


def _claim(delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> Parcel:
    delivery.state, delivery.attempts = State.SENDING, delivery.attempts + 1
    delivery.next_attempt_at = timezone.now() + lease()
    delivery.save(update_fields=["state", "attempts", "next_attempt_at"])
    return Parcel(
        delivery_id=delivery.pk,
        endpoint_id=endpoint.pk,
        attempt=delivery.attempts,
        event_id=delivery.event_id,
        url=endpoint.url,
        body=delivery.body.encode(),
        keys=tuple(endpoint_keys(endpoint)),
    )

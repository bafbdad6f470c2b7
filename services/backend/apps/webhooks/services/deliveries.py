"""Queueing deliveries: once per event and endpoint, and again when staff ask."""

from functools import partial

import orjson
from django.db import transaction
from django.utils import timezone

from apps.core.events import Event
from apps.webhooks.errors import DeliveryNotFound, DeliveryUnderWay, EndpointDisabled
from apps.webhooks.locks import endpoint_lock
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.patterns import patterns_match
from apps.webhooks.selectors import delivery_get
from apps.webhooks.services.sending import deliveries_send_new

State = WebhookDelivery.State


def deliveries_intend(*, event: Event) -> None:
    """Queue an event for the endpoints that want it, in the current transaction, and call them once it commits.

    Deliveries that nobody gets to call before this process dies are due at once, for :func:`deliveries_send_due`.
    """
    if not event.payload.PUBLIC:
        return
    wanting = [
        endpoint
        for endpoint in WebhookEndpoint.objects.filter(is_enabled=True)
        if patterns_match(endpoint.events, event.type)
    ]
    if not wanting:
        return
    body, now = _body(event), timezone.now()
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(
                endpoint=endpoint, event_id=event.id, event_type=event.type, body=body, next_attempt_at=now
            )
            for endpoint in wanting
        ],
        ignore_conflicts=True,
    )
    transaction.on_commit(partial(deliveries_send_new, event_id=event.id), robust=True)


@transaction.atomic
def delivery_replay(*, delivery_id: int) -> WebhookDelivery:
    """Have a delivery made again, at once and with all its attempts, whatever became of it.

    Raises ``DeliveryNotFound``, ``EndpointDisabled`` and ``DeliveryUnderWay``.
    """
    endpoint = endpoint_lock(endpoint_id=delivery_get(delivery_id=delivery_id).endpoint_id)
    delivery = WebhookDelivery.objects.select_for_update().filter(pk=delivery_id).first()
    if delivery is None:
        raise DeliveryNotFound()
    if not endpoint.is_enabled:
        raise EndpointDisabled()
    if delivery.state == State.SENDING and delivery.next_attempt_at > timezone.now():
        raise DeliveryUnderWay()
    delivery.state, delivery.failures, delivery.error = State.QUEUED, 0, ""
    delivery.next_attempt_at, delivery.delivered_at = timezone.now(), None
    delivery.save()
    _unpause(endpoint)
    return delivery


@transaction.atomic
def deliveries_replay_failed(*, endpoint_id: int) -> int:
    """Have every delivery made again that was given up; return how many. Raises ``EndpointDisabled``."""
    endpoint = endpoint_lock(endpoint_id=endpoint_id)
    if not endpoint.is_enabled:
        raise EndpointDisabled()
    _unpause(endpoint)
    return WebhookDelivery.objects.filter(endpoint=endpoint, state=State.FAILED).update(
        state=State.QUEUED, failures=0, error="", next_attempt_at=timezone.now()
    )


def _unpause(endpoint: WebhookEndpoint) -> None:
    endpoint.paused_until = None
    endpoint.save(update_fields=["paused_until"])


def _body(event: Event) -> str:
    """What receivers get: the event without what is ours."""
    return orjson.dumps(
        {
            "id": str(event.id),
            "type": event.type,
            "version": event.version,
            "aggregate": event.aggregate,
            "created_at": event.created_at.isoformat(),
            "payload": event.payload.model_dump(),
        }
    ).decode()

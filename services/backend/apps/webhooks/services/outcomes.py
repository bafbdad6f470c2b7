"""Writing down how a call ended, for the delivery and for the endpoint's reputation."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.core.inbox import retry_pause
from apps.webhooks.http_post import Answer
from apps.webhooks.locks import endpoints_lock
from apps.webhooks.metrics import ATTEMPTS, DISABLED, SECONDS
from apps.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from apps.webhooks.services.claims import Parcel
from apps.webhooks.services.endpoints import endpoint_disable

State = WebhookDelivery.State
#: With the pauses, some 23 hours.
MAX_FAILURES = 20
RETRY_BASE_S, RETRY_MAX_S = 5.0, 9_000.0
_GONE = 410


def attempt_record(*, parcel: Parcel, started_at: datetime, answer: Answer) -> None:
    """Note an attempt; an attempt that somebody else has repeated meanwhile changes nothing but the log."""
    ATTEMPTS.labels("accepted" if answer.accepted else "refused" if answer.status else "unanswered").inc()
    SECONDS.observe(answer.duration_ms / 1_000)
    with transaction.atomic():
        endpoints = endpoints_lock([parcel.endpoint_id], wait=True)
        delivery = WebhookDelivery.objects.filter(pk=parcel.delivery_id).first()
        if not endpoints or delivery is None:  # deleted meanwhile
            return
        _log(parcel, started_at, answer)
        if delivery.state != State.SENDING or delivery.attempts != parcel.attempt:
            return
        if answer.accepted:
            _accepted(delivery, endpoints[0])
        else:
            _refused(delivery, endpoints[0], answer)


def _log(parcel: Parcel, started_at: datetime, answer: Answer) -> None:
    WebhookAttempt.objects.create(
        delivery_id=parcel.delivery_id,
        number=parcel.attempt,
        started_at=started_at,
        duration_ms=answer.duration_ms,
        status_code=answer.status,
        response=answer.text,
        error=answer.error,
    )


def _accepted(delivery: WebhookDelivery, endpoint: WebhookEndpoint) -> None:
    delivery.state, delivery.delivered_at, delivery.error = State.DELIVERED, timezone.now(), ""
    delivery.save(update_fields=["state", "delivered_at", "error"])
    if endpoint.consecutive_failures:
        endpoint.consecutive_failures, endpoint.paused_until = 0, None
        endpoint.save(update_fields=["consecutive_failures", "paused_until"])


def _refused(delivery: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer) -> None:
    """Both wait: the delivery for its next attempt, and the endpoint, whatever is queued for it.

    Because the endpoint pauses as a whole, a dead one costs one call per pause however much happens in the shop, and
    its number of failures in a row measures time.
    """
    delivery.failures += 1
    delivery.error = answer.error
    given_up = delivery.failures >= MAX_FAILURES or not endpoint.is_enabled
    delivery.state = State.FAILED if given_up else State.QUEUED
    delivery.next_attempt_at = timezone.now() + _pause(delivery.failures)
    delivery.save(update_fields=["state", "failures", "error", "next_attempt_at"])
    endpoint.consecutive_failures += 1
    endpoint.paused_until = timezone.now() + _pause(endpoint.consecutive_failures)
    limit = settings.MESHOP.webhook_disable_after
    if endpoint.is_enabled and answer.status == _GONE:
        _disable(endpoint, "It answered 410: gone.")
    elif endpoint.is_enabled and endpoint.consecutive_failures >= limit:
        _disable(
            endpoint, f"{endpoint.consecutive_failures} attempts in a row failed; the last: {answer.error}"
        )
    endpoint.save()


def _disable(endpoint: WebhookEndpoint, reason: str) -> None:
    DISABLED.inc()
    endpoint_disable(endpoint, reason)


def _pause(failures: int) -> timedelta:
    return retry_pause(failures, base_s=RETRY_BASE_S, max_s=RETRY_MAX_S)

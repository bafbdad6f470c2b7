"""Making, changing and removing endpoints."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone

from apps.webhooks.errors import TooManyEndpoints
from apps.webhooks.locks import endpoint_lock
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.patterns import patterns_check
from apps.webhooks.signatures import secret_make
from apps.webhooks.targets import target_parse

MAX_ENDPOINTS = 50
DISABLED_BY_STAFF = "Disabled by staff."
_CREATION_LOCK = 0x6D657368_77656268  # one creation at a time, so that the count holds

State = WebhookDelivery.State
log = structlog.get_logger(__name__)


@transaction.atomic
def endpoint_create(*, url: str, events: Sequence[str], description: str = "") -> WebhookEndpoint:
    """Add an endpoint; its ``secret`` is for showing once. Raises ``TargetRefused`` and ``TooManyEndpoints``."""
    target_parse(url)
    checked = patterns_check(events)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CREATION_LOCK])
    if WebhookEndpoint.objects.count() >= MAX_ENDPOINTS:
        raise TooManyEndpoints(extra={"limit": MAX_ENDPOINTS})
    return WebhookEndpoint.objects.create(
        url=url, events=checked, description=description, secret=secret_make()
    )


@transaction.atomic
def endpoint_change(
    *,
    endpoint_id: int,
    url: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
    is_enabled: bool | None = None,
) -> WebhookEndpoint:
    """Change what is given. Enabling, and another URL, forget the failures so far."""
    endpoint = endpoint_lock(endpoint_id=endpoint_id)
    if url is not None and url != endpoint.url:
        target_parse(url)
        endpoint.url, endpoint.consecutive_failures, endpoint.paused_until = url, 0, None
    if events is not None:
        endpoint.events = patterns_check(events)
    if description is not None:
        endpoint.description = description
    if is_enabled is not None and is_enabled != endpoint.is_enabled:
        if is_enabled:
            _enable(endpoint)
        else:
            endpoint_disable(endpoint, DISABLED_BY_STAFF)
    endpoint.updated_at = timezone.now()
    endpoint.save()
    return endpoint


def endpoint_delete(*, endpoint_id: int) -> None:
    """Remove an endpoint and its deliveries. Raises ``EndpointNotFound``."""
    with transaction.atomic():
        endpoint_lock(endpoint_id=endpoint_id).delete()


@transaction.atomic
def endpoint_secret_rotate(*, endpoint_id: int, overlap: timedelta) -> WebhookEndpoint:
    """Sign with a new secret, and for ``overlap`` with the old one too. The new one is for showing once.

    A rotation during the overlap of another ends that one: two secrets are valid at most.
    """
    endpoint = endpoint_lock(endpoint_id=endpoint_id)
    keep = overlap > timedelta(0)
    endpoint.previous_secret = endpoint.secret if keep else ""
    endpoint.previous_secret_until = timezone.now() + overlap if keep else None
    endpoint.secret, endpoint.updated_at = secret_make(), timezone.now()
    endpoint.save()
    return endpoint


def endpoint_disable(endpoint: WebhookEndpoint, reason: str) -> None:
    """Switch off a locked endpoint, without saving it; give up what waits, which can be replayed later."""
    endpoint.is_enabled, endpoint.disabled_at, endpoint.disabled_reason = False, timezone.now(), reason[:300]
    WebhookDelivery.objects.filter(endpoint=endpoint, state=State.QUEUED).update(
        state=State.FAILED, error="The endpoint was disabled."
    )
    log.warning("webhook endpoint disabled", endpoint=endpoint.pk, reason=reason)


def endpoint_keys(endpoint: WebhookEndpoint) -> list[str]:
    """The secrets that sign at this moment, the current one first."""
    until: Any = endpoint.previous_secret_until
    overlapping = bool(endpoint.previous_secret) and until is not None and timezone.now() < until
    return [endpoint.secret, *([endpoint.previous_secret] if overlapping else [])]


def _enable(endpoint: WebhookEndpoint) -> None:
    endpoint.is_enabled, endpoint.disabled_at, endpoint.disabled_reason = True, None, ""
    endpoint.consecutive_failures, endpoint.paused_until = 0, None

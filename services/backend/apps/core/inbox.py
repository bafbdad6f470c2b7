"""The consumers' side: an event has its effect exactly once, however often it is delivered.

The row that says "consumer C has applied event E" is inserted first and commits with the effect. A second delivery
of the same event waits for the first to end, then finds the row and does nothing.
"""

import random
import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string
from opentelemetry.trace import SpanKind, StatusCode

from apps.core.events import Event
from apps.core.failpoints import failpoint
from apps.core.faults import fault
from apps.core.inbox_metrics import DELIVERIES, EVENT_LAG
from apps.core.models import EventRetry
from apps.core.subscriptions import ATTEMPTS, Subscription, subscription_named
from meshop_shared.tracing import message_span

RETRY_BASE_S = 2.0
RETRY_MAX_S = 600.0
#: Longest a delivery waits for a database that is away, before the broker gets it back.
DATABASE_WAIT_S = 240.0

#: Whom the fault `poison-events` is about.
_POISONED = "notifications.tell"

log = structlog.get_logger(__name__)

_CLAIM = (
    "INSERT INTO core_inboxevent (event_id, consumer) VALUES (%s, %s) ON CONFLICT DO NOTHING RETURNING id"
)


def event_apply(*, subscription: Subscription, message: dict[str, Any], repeated: bool = False) -> bool:
    """Let a consumer apply an event, once and for all; ``False`` if it had been applied before.

    ``repeated`` says that the delivery may have failed before, so that there is a failure to forget.
    """
    event = Event.from_message(message)
    handler = import_string(subscription.handler)
    with transaction.atomic():
        fresh = _claim(event, subscription.consumer)
        failpoint("consumer.before_effect")
        if subscription.consumer == _POISONED and random.random() < fault("poison-events"):  # noqa: S311 - a drill
            raise RuntimeError("this failure is a drill")
        if fresh:
            handler(event)
        if repeated:
            EventRetry.objects.filter(event_id=event.id, consumer=subscription.consumer).delete()
        failpoint("consumer.before_commit")
    failpoint("consumer.after_commit")
    return fresh


def event_deliver(*, consumer: str, message: dict[str, Any], attempt: int = 0) -> None:
    """Take a delivery from the broker. Whatever goes wrong is written down to be repeated later, with backoff.

    Returns when the broker may forget the message. Raises ``OperationalError`` or ``InterfaceError`` when not even
    the failure could be written down.
    """
    headers = message.get("headers", {})
    with (
        structlog.contextvars.bound_contextvars(
            request_id=headers.get("request_id", ""), event=message["id"], consumer=consumer
        ),
        message_span(f"consume {consumer}", kind=SpanKind.CONSUMER, headers=headers) as span,
    ):
        span.set_attributes({"meshop.event.type": message["type"], "meshop.event.id": message["id"]})
        try:
            subscription = subscription_named(consumer, settings.SUBSCRIPTIONS)
            applied = event_apply(subscription=subscription, message=message, repeated=attempt > 0)
        except Exception as error:  # the edge of the worker: no event is lost to a bug
            log.exception("event failed", type=message["type"], attempt=attempt + 1)
            span.record_exception(error)
            span.set_status(StatusCode.ERROR)
            _count(consumer, "failed")
            failure_record(consumer=consumer, message=message, error=error)
        else:
            log.info("event applied" if applied else "event known", type=message["type"])
            _count(consumer, "applied" if applied else "known")
            EVENT_LAG.labels(consumer).observe(_age_s(message))


def _count(consumer: str, outcome: str) -> None:
    """``consumer`` comes with the message: what is not among ours counts as one, or messages could make series."""
    known = any(consumer == subscription.consumer for subscription in settings.SUBSCRIPTIONS)
    DELIVERIES.labels(consumer if known else "unknown", outcome).inc()


def _age_s(message: dict[str, Any]) -> float:
    return max(0.0, (timezone.now() - datetime.fromisoformat(message["created_at"])).total_seconds())


def failure_record(*, consumer: str, message: dict[str, Any], error: Exception) -> EventRetry:
    """Note a failed delivery: due again after a pause that doubles, or given up after the consumer's last attempt."""
    limits = {subscription.consumer: subscription.attempts for subscription in settings.SUBSCRIPTIONS}
    limit = limits.get(consumer, ATTEMPTS)
    with transaction.atomic():
        EventRetry.objects.bulk_create(
            [EventRetry(event_id=message["id"], consumer=consumer, message=message)], ignore_conflicts=True
        )
        row = EventRetry.objects.select_for_update().get(event_id=message["id"], consumer=consumer)
        row.attempts += 1
        row.is_dead = row.attempts >= limit
        row.due_at = timezone.now() + (timedelta(0) if row.is_dead else retry_pause(row.attempts))
        row.error = f"{type(error).__name__}: {error}"[:500].replace("\x00", "")
        row.save(update_fields=["attempts", "is_dead", "due_at", "error"])
    return row


def retries_replay(*, ids: list[int]) -> int:
    """Make failed deliveries due at once, with all their attempts anew; how many. Those under way are left alone.

    A letter that waits among the broker's dead ones stays there and does no harm: consumers know what they have
    applied.
    """
    rows = EventRetry.objects.filter(pk__in=ids).filter(Q(is_dead=True) | Q(due_at__isnull=False))
    # One attempt, since none would say that nothing has failed before.
    return rows.update(is_dead=False, attempts=1, due_at=timezone.now())


def retry_pause(attempts: int, *, base_s: float = RETRY_BASE_S, max_s: float = RETRY_MAX_S) -> timedelta:
    """Pause after so many failures: doubling, bounded, and spread by a quarter so that they do not march in step."""
    pause = min(max_s, base_s * 2 ** min(attempts - 1, 30))
    return timedelta(seconds=pause * random.uniform(0.75, 1.25))  # noqa: S311 - nothing secret


def database_wait(*, at_most_s: float = DATABASE_WAIT_S) -> None:
    """Return once the database answers, or after ``at_most_s`` seconds."""
    deadline, pause = time.monotonic() + at_most_s, 0.1
    while time.monotonic() < deadline:
        connection.close()
        try:
            connection.ensure_connection()
            return
        except (OperationalError, InterfaceError):
            time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(5.0, pause * 2)


def _claim(event: Event, consumer: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [event.id, consumer])
        return cursor.fetchone() is not None

"""The relay: takes events from the outbox to the broker, at least once.

A batch is locked (``FOR UPDATE SKIP LOCKED``, so any number of relays share the work), published, confirmed by the
broker and marked, in one transaction. A relay that dies anywhere in between leaves the batch unmarked: it is
published again, and the consumers' inbox keeps the effects single.
"""

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone
from opentelemetry.trace import SpanKind

from apps.core.events import WAKE_CHANNEL, event_message
from apps.core.failpoints import failpoint
from apps.core.faults import fault
from apps.core.heartbeat import heartbeat
from apps.core.measures import Measurer
from apps.core.models import EventRetry, OutboxEvent
from apps.core.publisher import Publisher, PublishFailed
from apps.core.relay_metrics import EVENTS_PUBLISHED, PUBLISH_SECONDS, RELAY_FAILURES
from apps.core.subscriptions import subscriptions_for
from meshop_shared.tracing import message_span

BATCH = 200
#: How long the relay sleeps when nobody wakes it; also the beat of retries, measurements and the reaction to SIGTERM.
POLL_S = 1.0
BACKOFF_MAX_S = 10.0

#: Written out, because Django takes as long to say it as PostgreSQL to do it, and somebody waits for each event.
_TAKE = """
SELECT id, event_id, type, version, aggregate, payload, headers, created_at, published_at FROM core_outboxevent
WHERE published_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""

log = structlog.get_logger(__name__)


def outbox_publish(*, publisher: Publisher, limit: int = BATCH) -> int:
    """Publish the oldest waiting events to everybody who subscribed; return how many there were.

    Raises :class:`PublishFailed`; then none of them is marked.
    """
    if fault("stuck-relay"):
        return 0
    with transaction.atomic():
        rows = list(OutboxEvent.objects.raw(_TAKE, [limit]))
        if not rows:
            return 0
        failpoint("relay.before_publish")
        listening = [subscription for subscription in settings.SUBSCRIPTIONS if subscription.is_listening()]
        for row in rows:
            message = event_message(row)
            with message_span(f"publish {row.type}", kind=SpanKind.PRODUCER, headers=row.headers):
                for subscription in subscriptions_for(row.type, listening):
                    publisher.send(consumer=subscription.consumer, queue=subscription.queue, message=message)
        failpoint("relay.before_confirm")
        publisher.confirm()
        failpoint("relay.after_confirm")
        OutboxEvent.objects.filter(pk__in=[row.pk for row in rows]).update(published_at=Now())
        failpoint("relay.before_commit")
    failpoint("relay.after_commit")
    now = timezone.now()
    for row in rows:
        EVENTS_PUBLISHED.labels(row.type).inc()
        PUBLISH_SECONDS.observe(max(0.0, (now - row.created_at).total_seconds()))
    return len(rows)


def retries_publish(*, publisher: Publisher, limit: int = BATCH) -> int:
    """Send failed deliveries that are due once more, and those given up to the dead letters."""
    with transaction.atomic():
        rows = list(
            EventRetry.objects.filter(due_at__lte=timezone.now())
            .order_by("due_at")
            .select_for_update(skip_locked=True)[:limit]
        )
        queues = {subscription.consumer: subscription.queue for subscription in settings.SUBSCRIPTIONS}
        for row in rows:
            queue = queues.get(row.consumer, "default")
            with message_span(
                "publish again", kind=SpanKind.PRODUCER, headers=row.message.get("headers", {})
            ):
                _send_again(publisher, queue, row)
        publisher.confirm()
        failpoint("relay.retry_before_commit")
        EventRetry.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=None)
    return len(rows)


def _send_again(publisher: Publisher, queue: str, row: EventRetry) -> None:
    if row.is_dead:
        publisher.send_dead(consumer=row.consumer, queue=queue, message=row.message, error=row.error)
    else:
        publisher.send(consumer=row.consumer, queue=queue, message=row.message, attempt=row.attempts)


class Relay:
    """The loop around :func:`outbox_publish`, which outlives restarts of the broker and of the database."""

    def __init__(self, publisher: Publisher, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._publisher, self._sleep = publisher, sleep
        self._stopping = False
        self._failures = 0
        self._listening: object = None
        self._retries_at = 0.0
        self._measurer = Measurer(settings.MEASURES)

    def stop(self) -> None:
        """Finish the batch at work and return from :meth:`run`. For signal handlers."""
        self._stopping = True

    def run(self) -> None:
        """Publish until :meth:`stop`."""
        while not self._stopping:
            heartbeat()
            try:
                self._listen()
                if self.step() < BATCH:
                    self._wait()
                self._failures = 0
            except PublishFailed as error:
                self._measurer.run()  # among what it measures is whether the broker and Redis are there
                self._back_off("broker unavailable", error)
            except (DatabaseError, InterfaceError) as error:
                connection.close()
                self._back_off("database unavailable", error)
        self._publisher.close()
        connection.close()

    def step(self) -> int:
        """One batch; retries and measurements when it is time for them."""
        published = outbox_publish(publisher=self._publisher)
        now = time.monotonic()
        if now >= self._retries_at:
            retries_publish(publisher=self._publisher)
            self._retries_at = now + POLL_S
        self._measurer.run()
        return published

    def _listen(self) -> None:
        """Prepare a new database connection: ask for wake-ups before looking for work, so that none falls in between.

        Marks are committed without waiting for the disk. A database that crashes may forget the last of them, which
        sends those events again; and the workers' commits, which somebody waits for, do not queue behind them.
        """
        connection.ensure_connection()
        if self._listening is not connection.connection:
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit = off")
                cursor.execute(f"LISTEN {WAKE_CHANNEL}")
            self._listening = connection.connection

    def _wait(self) -> None:
        """Sleep until an event is committed, at most the poll interval. Wake-ups that came earlier count."""
        if not self._stopping:
            with connection.wrap_database_errors:
                for _ in connection.connection.notifies(timeout=POLL_S, stop_after=1):
                    pass

    def _back_off(self, what: str, error: Exception) -> None:
        RELAY_FAILURES.labels(what).inc()
        self._publisher.close()
        wait = min(BACKOFF_MAX_S, 0.1 * 2**self._failures)
        self._failures += 1
        log.warning(what, error=str(error)[:200], again_in_s=wait)
        self._sleep(wait)

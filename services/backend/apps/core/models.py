"""Rows that every write path shares: events on their way and idempotency records."""

import uuid

from django.db import models
from django.db.models.functions import Now


class OutboxEvent(models.Model):
    """A fact to publish, committed together with the rows it speaks of (transactional outbox)."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    type = models.CharField(max_length=80)
    version = models.PositiveSmallIntegerField(default=1)
    aggregate = models.CharField(max_length=80, help_text="What the event is about, as `order:17`.")
    payload = models.JSONField(default=dict)
    headers = models.JSONField(default=dict, help_text="Request id and trace context of the cause.")
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], name="outbox_unpublished", condition=models.Q(published_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.aggregate}"


class InboxEvent(models.Model):
    """A consumer has applied an event: written in the transaction of the effect, so that there is one effect."""

    id = models.BigAutoField(primary_key=True)
    event_id = models.UUIDField()
    consumer = models.CharField(max_length=80)
    processed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_id", "consumer"], name="inbox_once")]

    def __str__(self) -> str:
        return f"{self.event_id} by {self.consumer}"


class EventRetry(models.Model):
    """A delivery that failed. The relay sends it again when it is due, and to the dead letters after the last try."""

    event_id = models.UUIDField()
    consumer = models.CharField(max_length=80)
    message = models.JSONField(help_text="The event as it travels.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True, help_text="Empty while the broker has it.")
    is_dead = models.BooleanField(
        default=False, help_text="Given up: it is, or is about to be, a dead letter."
    )
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "event retries"
        constraints = [models.UniqueConstraint(fields=["event_id", "consumer"], name="retry_once")]
        indexes = [
            models.Index(fields=["due_at"], name="retry_due", condition=models.Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.event_id} for {self.consumer}"


class IdempotencyRecord(models.Model):
    """First answer to a request with an ``Idempotency-Key``, stored in the transaction of its effect.

    Without an answer it is a claim: ``owner`` is working on the request and nobody else may before ``claimed_until``.
    """

    scope = models.CharField(max_length=120, help_text="Caller and endpoint the key belongs to.")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of the request body.")
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.TextField(blank=True, help_text="The JSON text that was sent, byte for byte.")
    owner = models.UUIDField(null=True, blank=True, editable=False)
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_scope_key")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_created")]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class FaultSwitch(models.Model):
    """A fault that is on until its time is over; see ``apps.core.faults``."""

    name = models.CharField(max_length=40, unique=True)
    strength = models.FloatField()
    until = models.DateTimeField()

    class Meta:
        verbose_name_plural = "fault switches"

    def __str__(self) -> str:
        return self.name

"""Rows that every write path shares: the outbox and the idempotency records."""

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

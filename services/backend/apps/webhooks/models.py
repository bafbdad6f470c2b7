"""Where merchants want to hear of events, what was sent to them, and how each attempt ended."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class WebhookEndpoint(models.Model):
    """A merchant's address for events, and how it has been answering lately."""

    url = models.CharField(max_length=2_000)
    description = models.CharField(max_length=200, blank=True)
    events = ArrayField(
        models.CharField(max_length=80), help_text="Types, or patterns as `order.*` and `*`, by comma."
    )
    secret = models.CharField(max_length=80, editable=False)
    previous_secret = models.CharField(max_length=80, blank=True, editable=False)
    previous_secret_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Until when deliveries carry its signature too."
    )
    is_enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=300, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    consecutive_failures = models.PositiveIntegerField(
        default=0, help_text="Attempts since it last accepted one."
    )
    paused_until = models.DateTimeField(null=True, blank=True, help_text="After failures: no attempt before.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event for one endpoint. At least once: ``SENDING`` is committed before the call and its end after it."""

    class State(models.TextChoices):
        """Where the delivery is."""

        QUEUED = "queued"
        SENDING = "sending"
        DELIVERED = "delivered"
        FAILED = "failed"

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.UUIDField()
    event_type = models.CharField(max_length=80)
    body = models.TextField(help_text="The JSON text, byte for byte the same at every attempt.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveIntegerField(default=0, help_text="All that were begun.")
    failures = models.PositiveSmallIntegerField(default=0, help_text="Since it was queued or replayed.")
    next_attempt_at = models.DateTimeField(help_text="While sending: when the attempt counts as lost.")
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "event_id"], name="webhook_delivery_once")]
        indexes = [
            models.Index(
                fields=["endpoint", "next_attempt_at"],
                name="webhook_delivery_due",
                condition=Q(state__in=["queued", "sending"]),
            ),
            models.Index(F("endpoint"), F("id").desc(), name="webhook_delivery_by_endpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.event_id}"


class WebhookAttempt(models.Model):
    """One call of an endpoint."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.CASCADE, related_name="attempt_rows")
    number = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status_code = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty without an answer."
    )
    response = models.TextField(blank=True, help_text="The beginning of the answer.")
    error = models.CharField(max_length=300, blank=True, help_text="Empty if the endpoint accepted it.")

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"attempt {self.number}"

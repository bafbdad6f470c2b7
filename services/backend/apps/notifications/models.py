"""What users are told: mails with their templates and their fate, and the inbox in the shop."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class EmailTemplate(models.Model):
    """Words of one kind of mail, for staff to change. ``apps.notifications.catalogue`` says which kinds there are."""

    key = models.CharField(max_length=40, unique=True, editable=False)
    subject = models.CharField(max_length=200)
    text = models.TextField(max_length=20_000)
    html = models.TextField(max_length=50_000, blank=True, help_text="Empty sends plain text only.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["key"]

    def __str__(self) -> str:
        return self.key


class EmailLog(models.Model):
    """A mail to one person because of one event: intended, under way, sent or given up.

    Sending is at least once: ``SENDING`` is committed before the mail server gets the mail and ``SENT`` after, so a
    process that dies in between leaves one mail of which nobody knows whether it arrived. That one is sent again.
    """

    class State(models.TextChoices):
        """Where the mail is."""

        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"

    event_id = models.UUIDField()
    template = models.CharField(max_length=40)
    recipient = models.EmailField(max_length=254)
    context = models.JSONField(default=dict, help_text="What the template gets. Holds no secrets.")
    message_id = models.CharField(max_length=200, help_text="The same at every attempt.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(help_text="While sending: when the attempt counts as lost.")
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id", "template", "recipient"], name="email_once")
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="email_due", condition=Q(state__in=["queued", "sending"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.template} {self.message_id}"


class Notification(models.Model):
    """An entry in a user's inbox in the shop."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    event_id = models.UUIDField()
    kind = models.CharField(max_length=80, help_text="Type of the event, as `order.shipped`.")
    title = models.CharField(max_length=200)
    body = models.CharField(max_length=1_000, blank=True)
    data = models.JSONField(default=dict, help_text="What a client needs for a link, as `order_id`.")
    read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event_id"], name="notification_once")]
        indexes = [
            models.Index(F("user"), F("id").desc(), name="notification_by_user"),
            models.Index(
                F("user"), F("id").desc(), name="notification_unread", condition=Q(read_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title

"""Texts of the shop, and questions that a person answers."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import validate_slug
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Policy(models.Model):
    """What the shop promises about one matter, in the words that customers are told. Edited in the admin."""

    slug = models.CharField(max_length=60, unique=True, validators=[validate_slug])
    title = models.CharField(max_length=120)
    body = models.TextField(
        max_length=20_000,
        help_text="Sentences; each is quoted alone. {shipping_flat}, {shipping_free_from} and {currency} are filled "
        "in from the settings.",
    )
    keywords = models.CharField(
        max_length=300, blank=True, help_text="Other words that customers use for this, by comma."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["slug"]
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.title


class Ticket(models.Model):
    """A customer's question to a person, with the conversation that led to it."""

    class Status(models.TextChoices):
        """Whether somebody still has to answer."""

        OPEN = "open"
        CLOSED = "closed"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tickets")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    subject = models.CharField(max_length=200)
    transcript = models.JSONField(default=list, help_text="`[{role, text}]`, oldest first.")
    conversation_id = models.UUIDField(null=True, blank=True)
    answer = models.TextField(max_length=4_000, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [models.Index(fields=["id"], name="ticket_open", condition=Q(status="open"))]

    def __str__(self) -> str:
        return f"ticket {self.pk}"

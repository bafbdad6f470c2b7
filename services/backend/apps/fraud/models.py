"""What every order scored at checkout, and what people decided and learned about it."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.orders.models import Order


class FraudReview(models.Model):
    """The score of one order, why, and what came of it.

    ``signals`` are keyed digests of user, card, address and network: they tell orders of one source apart, not who.
    """

    class Action(models.TextChoices):
        """What the score asks for. Nothing is ever refused by a program."""

        ACCEPT = "accept"
        REVIEW = "review", "review: a person looks while the order goes on"
        HOLD = "hold", "hold: goods wait for a person, for a limited time"

    class Status(models.TextChoices):
        """Where a person's part of it is."""

        CLEARED = "cleared", "needs nobody"
        OPEN = "open"
        APPROVED = "approved"
        REJECTED = "rejected"

    class Source(models.TextChoices):
        """Who scored."""

        MODEL = "model"
        CACHE = "cache"
        BASELINE = "baseline"
        FALLBACK = "fallback", "the backend's own rules"

    class LabelSource(models.TextChoices):
        """How the truth became known."""

        ANALYST = "analyst"
        LATER = "later", "said by staff after the decision, as with a chargeback"
        TIME = "time", "nobody complained in time"

    order = models.OneToOneField(Order, on_delete=models.CASCADE, related_name="fraud_review")
    status = models.CharField(max_length=10, choices=Status.choices)
    action = models.CharField(max_length=8, choices=Action.choices)
    probability = models.FloatField()
    source = models.CharField(max_length=10, choices=Source.choices)
    model = models.JSONField(null=True, help_text="Name, version and digest of the model that scored.")
    reasons = models.JSONField(default=list, help_text="`[{code, text, weight}]`, strongest first.")
    expected_costs = models.JSONField(default=dict)
    signals = models.JSONField(default=dict)
    note = models.CharField(max_length=500, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    fraud = models.BooleanField(null=True, help_text="What it turned out to be; empty while nobody knows.")
    label_source = models.CharField(max_length=8, choices=LabelSource.choices, blank=True)
    labelled_at = models.DateTimeField(null=True, blank=True)
    label_told = models.BooleanField(default=True, help_text="Whether the service has learned the label.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes = [
            models.Index(fields=["id"], name="fraud_review_open", condition=Q(status="open")),
            models.Index(fields=["id"], name="fraud_label_untold", condition=Q(label_told=False)),
            models.Index(fields=["created_at"], name="fraud_unlabelled", condition=Q(fraud__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"fraud review of order {self.order_id}"

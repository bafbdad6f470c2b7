"""Limits of prices, proposals, and the switch that stops them all. Amounts are minor units."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.products.models import Product


class PriceLimit(models.Model):
    """What a product costs the shop, and between which prices a program may propose. Without a row, none does."""

    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="price_limit")
    cost_minor = models.BigIntegerField(help_text="What one unit costs the shop.")
    floor_minor = models.BigIntegerField(help_text="Lowest price.")
    cap_minor = models.BigIntegerField(help_text="Highest price.")
    frozen = models.BooleanField(default=False, help_text="This product's price stays as it is.")
    proposed_at = models.DateTimeField(null=True, blank=True, help_text="When a price was last looked for.")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(cost_minor__gte=0) & Q(floor_minor__gte=1) & Q(cap_minor__gte=F("floor_minor")),
                name="price_limit_sane",
            )
        ]
        indexes = [models.Index(F("proposed_at").asc(nulls_first=True), F("id"), name="price_limit_due")]

    def __str__(self) -> str:
        return f"limits of product {self.product_id}"


class PriceProposal(models.Model):
    """A price for everybody, from a model or from staff; applied once a person approved it and its time has come."""

    class Status(models.TextChoices):
        """Where it is."""

        OPEN = "open"
        APPROVED = "approved", "approved: waits for its time"
        REJECTED = "rejected"
        APPLIED = "applied"
        FAILED = "failed", "failed: it would break a limit by now"

    class Source(models.TextChoices):
        """Who proposed; ``fallback`` stands for nobody, in answers only."""

        MODEL = "model"
        CACHE = "cache"
        BASELINE = "baseline"
        FALLBACK = "fallback"
        STAFF = "staff"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="price_proposals")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    currency = models.CharField(max_length=3)
    current_minor = models.BigIntegerField(help_text="The price when it was proposed.")
    proposed_minor = models.BigIntegerField()
    source = models.CharField(max_length=10, help_text="`model` and so on, or `staff`.")
    model = models.JSONField(null=True, help_text="Name, version and digest of the model that proposed it.")
    reasons = models.JSONField(default=list)
    expected = models.JSONField(
        default=dict, help_text="Units and margin a day, at this and at the current price."
    )
    limits_hit = models.JSONField(default=list)
    note = models.CharField(max_length=500, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    apply_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product"], condition=Q(status__in=["open", "approved"]), name="price_proposal_once"
            ),
            models.CheckConstraint(condition=Q(proposed_minor__gte=1), name="price_proposal_positive"),
        ]
        indexes = [
            models.Index(fields=["apply_at"], name="price_proposal_due", condition=Q(status="approved"))
        ]

    def __str__(self) -> str:
        return f"{self.proposed_minor} {self.currency} for product {self.product_id}"


class PriceFreeze(models.Model):
    """The one switch: while it is on, no proposal is made or applied."""

    frozen = models.BooleanField(default=False)
    note = models.CharField(max_length=500, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="price_freeze_one")]

    def __str__(self) -> str:
        return "frozen" if self.frozen else "not frozen"

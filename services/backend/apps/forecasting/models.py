"""The last forecasts that the service gave, kept for the time it does not answer; and how articles are reordered."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.products.models import Product

#: Service levels within which needs are known.
LEAST_LEVEL, MOST_LEVEL = 0.5, 0.99
MOST_DAYS = 365


class DemandForecast(models.Model):
    """The last forecast of an article (by its SKU) or of a category (by its slug)."""

    class Kind(models.TextChoices):
        """What is forecast."""

        ARTICLE = "article"
        CATEGORY = "category"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    key = models.CharField(max_length=140)
    weeks = models.JSONField(help_text="`start`, `end`, `units`, `low` and `high` of each week to come.")
    needs = models.JSONField(help_text="Units that suffice for 1, 2, … weeks, at each of `levels`.")
    levels = models.JSONField()
    most_needed = models.FloatField(help_text="The largest of the needs.")
    source = models.CharField(max_length=10)
    method = models.CharField(max_length=40)
    reasons = models.JSONField(default=list)
    model = models.JSONField(null=True, help_text="Name, version and digest.")
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="forecast_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class ReorderPolicy(models.Model):
    """How one article is reordered; what is empty is as for all others (settings ``REORDER_*``)."""

    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="reorder_policy")
    lead_time_days = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(MOST_DAYS)], help_text="From order to shelf."
    )
    service_level = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(LEAST_LEVEL), MaxValueValidator(MOST_LEVEL)],
        help_text="How surely the stock must last until the next delivery, 0.5 to 0.99.",
    )
    minimum_quantity = models.PositiveIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="The supplier sells no fewer."
    )
    pack_size = models.PositiveIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="The supplier sells multiples of this only."
    )

    class Meta:
        verbose_name_plural = "reorder policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum_quantity__gte=1, pack_size__gte=1), name="reorder_at_least_one"
            )
        ]

    def __str__(self) -> str:
        return str(self.product)

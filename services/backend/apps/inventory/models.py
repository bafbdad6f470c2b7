"""Stock as a ledger: levels changed only by conditional UPDATE, each change explained by a row."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class StockItem(models.Model):
    """Level of one sellable unit. What can be sold now is ``on_hand - reserved``, and never negative."""

    sku = models.CharField(max_length=64, unique=True)
    on_hand = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reserved__gte=0, reserved__lte=F("on_hand")), name="stock_reserved_within_on_hand"
            )
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def available(self) -> int:
        """Units that can be sold now."""
        return self.on_hand - self.reserved


class StockMovement(models.Model):
    """A change of ``on_hand``; their sum is ``on_hand``. Never updated, never deleted."""

    class Kind(models.TextChoices):
        """Why stock changed."""

        RECEIPT = "receipt"
        ADJUSTMENT = "adjustment"
        SALE = "sale"
        RETURN = "return"

    stock_item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    quantity = models.BigIntegerField(help_text="Signed change of on_hand.")
    reference = models.CharField(max_length=64, blank=True, help_text="What caused it, as an order number.")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["stock_item", "id"], name="movement_by_item")]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity:+d}"


class StockReservation(models.Model):
    """Units held for an unpaid order until ``expires_at``; live ones sum up to ``reserved``."""

    class Status(models.TextChoices):
        """Life of a reservation; all but ``live`` are final."""

        LIVE = "live"
        CLAIMED = "claimed"
        RELEASED = "released"
        EXPIRED = "expired"

    stock_item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="reservations")
    quantity = models.PositiveBigIntegerField()
    reference = models.CharField(max_length=64, help_text="The order number it is held for.")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.LIVE)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["reference"], name="reservation_reference"),
            models.Index(fields=["expires_at"], name="reservation_live", condition=Q(status="live")),
            models.Index(fields=["stock_item"], name="reservation_live_item", condition=Q(status="live")),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} for {self.reference}"

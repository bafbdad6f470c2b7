"""What visitors did, one row each, for as long as :data:`apps.activity.services.KEEP_DAYS`."""

from django.db import models


class Activity(models.Model):
    """A product was looked at, or its line in a cart changed. Rows are written once and never changed.

    Nothing is referenced with a constraint: a row never keeps a product or a customer from being deleted.
    """

    class Kind(models.TextChoices):
        """What was done."""

        VIEWED = "viewed"
        ADDED = "added", "added to the cart"
        SET = "set", "changed in the cart"
        REMOVED = "removed", "taken out of the cart"

    entry = models.CharField(max_length=40, unique=True, help_text="Its place in the stream it came through.")
    kind = models.CharField(max_length=8, choices=Kind)
    visitor = models.CharField(
        max_length=40, help_text="Equal for one customer, and for one guest; empty: unknown."
    )
    user_id = models.BigIntegerField(null=True)
    product_id = models.BigIntegerField()
    quantity = models.PositiveIntegerField(
        help_text="Units added, or those in the cart after it was set; else 0."
    )
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "activity"
        indexes = [models.Index(fields=["at", "kind"], name="activity_at")]

    def __str__(self) -> str:
        return f"{self.visitor or 'somebody'} {self.kind} {self.product_id}"

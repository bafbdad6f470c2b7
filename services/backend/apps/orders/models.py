"""Carts and orders. Prices, addresses and names in an order are what they were when it was placed."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.products.models import Product, ProductVariant


class Cart(models.Model):
    """What a user, or a guest who holds ``token``, wants to buy."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="cart"
    )
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["updated_at"], name="cart_guest_age", condition=Q(user__isnull=True))]

    def __str__(self) -> str:
        return f"cart {self.pk}"


class CartItem(models.Model):
    """A quantity of one sellable unit in a cart."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    variant = models.ForeignKey(ProductVariant, null=True, blank=True, on_delete=models.CASCADE)
    quantity = models.PositiveIntegerField()
    held_price_minor = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Price that the cart keeps until `held_until`, if it is the lower one.",
    )
    held_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["cart", "product", "variant"], nulls_distinct=False, name="cart_unit_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="cart_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × product {self.product_id}"


class Order(models.Model):
    """A placed order. ``status`` moves only as :mod:`apps.orders.states` allows."""

    class Status(models.TextChoices):
        """Where the goods are."""

        PENDING = "pending"
        PROCESSING = "processing"
        SHIPPED = "shipped"
        DELIVERED = "delivered"
        CANCELLED = "cancelled"

    class PaymentStatus(models.TextChoices):
        """Where the money is."""

        UNPAID = "unpaid"
        PAID = "paid"
        PARTIALLY_REFUNDED = "partially_refunded"
        REFUNDED = "refunded"

    number = models.CharField(max_length=32, unique=True, help_text="Sortable by time, not guessable.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    payment_status = models.CharField(
        max_length=20, choices=PaymentStatus.choices, default=PaymentStatus.UNPAID
    )
    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField()
    shipping_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    discount_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField()
    shipping_address = models.JSONField(default=dict)
    billing_address = models.JSONField(default=dict)
    note = models.CharField(max_length=1_000, blank=True)
    import_reference = models.CharField(
        max_length=64,
        null=True,
        blank=True,
        unique=True,
        help_text="Number in the system it was imported from.",
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="When an unpaid order loses its stock."
    )
    held_until = models.DateTimeField(
        null=True, blank=True, help_text="Goods do not leave before then unless somebody lets them go."
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        permissions = [("fulfil_order", "Can ship and deliver orders")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total_minor=F("subtotal_minor")
                    + F("shipping_minor")
                    + F("tax_minor")
                    - F("discount_minor")
                ),
                name="order_total_adds_up",
            )
        ]
        indexes = [
            models.Index(F("user"), F("id").desc(), name="order_by_user"),
            models.Index(fields=["expires_at"], name="order_pending", condition=Q(status="pending")),
            models.Index(fields=["created_at"], name="order_created"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderItem(models.Model):
    """One line of an order."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    product = models.ForeignKey(Product, null=True, on_delete=models.SET_NULL)
    variant = models.ForeignKey(ProductVariant, null=True, blank=True, on_delete=models.SET_NULL)
    sku = models.CharField(max_length=64)
    name = models.CharField(max_length=400)
    quantity = models.IntegerField()
    unit_price_minor = models.BigIntegerField()
    line_total_minor = models.BigIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(line_total_minor=F("unit_price_minor") * F("quantity")), name="order_line_adds_up"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"


class OrderEvent(models.Model):
    """An entry of an order's timeline."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    type = models.CharField(max_length=40)
    message = models.CharField(max_length=300, blank=True)
    data = models.JSONField(default=dict, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    request_id = models.CharField(max_length=64, blank=True)
    trace_id = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="Where to look it up, if it was traced.",
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.type} of order {self.order_id}"


class ReturnRequest(models.Model):
    """A customer wants to send an order back, whole or in part. Staff decide; the refund is a step of its own."""

    class Status(models.TextChoices):
        """What became of it."""

        REQUESTED = "requested"
        APPROVED = "approved"
        REJECTED = "rejected"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="returns")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.REQUESTED)
    items = models.JSONField(help_text="What comes back, as `[{sku, name, quantity}]`.")
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(status="requested"), name="return_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"return of order {self.order_id}"

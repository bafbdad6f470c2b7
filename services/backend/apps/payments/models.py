"""Payments, refunds, stored cards, the ledger, and what the provider told us. Amounts are minor units."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from apps.orders.models import Order
from apps.payments.states import OPEN, UNDECIDED, PaymentStatus, RefundStatus


class Payment(models.Model):
    """One attempt to have an order paid: a checkout session at the provider and what came of it.

    ``refund_reserved_minor`` counts every refund that has not failed, ``refunded_minor`` those that arrived.
    """

    reference = models.UUIDField(
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text="Our name for it at the provider; its idempotency key is made from this.",
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=16)
    session_id = models.CharField(max_length=255, blank=True)
    session_url = models.TextField(blank=True)
    intent_id = models.CharField(max_length=255, blank=True)
    charge_id = models.CharField(max_length=255, blank=True)
    customer_ref = models.CharField(max_length=255, blank=True, help_text="The customer at the provider.")
    save_method = models.BooleanField(default=False, help_text="The customer asked to keep the card.")
    card_fingerprint = models.CharField(
        max_length=64, blank=True, help_text="The provider's name for the card that paid; no number."
    )
    status = models.CharField(max_length=16, choices=PaymentStatus, default=PaymentStatus.CREATED)
    status_at = models.DateTimeField(help_text="When the provider says it became so.")
    failure_code = models.CharField(max_length=80, blank=True)
    failure_message = models.CharField(max_length=300, blank=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    captured_minor = models.BigIntegerField(default=0)
    refund_reserved_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    success_url = models.CharField(max_length=2_000)
    cancel_url = models.CharField(max_length=2_000)
    session_expires_at = models.DateTimeField()
    next_check_at = models.DateTimeField(
        null=True, blank=True, help_text="When the reconciler looks at it again; empty when it need not."
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order"], condition=Q(status__in=OPEN), name="payment_open_once"),
            models.UniqueConstraint(
                fields=["provider", "session_id"], condition=~Q(session_id=""), name="payment_session_once"
            ),
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0)
                & Q(refund_reserved_minor__gte=F("refunded_minor"))
                & Q(captured_minor__gte=F("refund_reserved_minor")),
                name="payment_refunds_within_captured",
            ),
        ]
        indexes = [
            models.Index(F("user"), F("id").desc(), name="payment_by_user"),
            models.Index(fields=["intent_id"], name="payment_intent", condition=~Q(intent_id="")),
            models.Index(
                fields=["next_check_at"], name="payment_due", condition=Q(next_check_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"payment {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether the customer can still pay with it."""
        return self.status in OPEN

    @property
    def refundable_minor(self) -> int:
        """What has been captured and not been promised back."""
        return self.captured_minor - self.refund_reserved_minor


class Refund(models.Model):
    """Money that goes back. Its amount is set aside in the payment until it has failed."""

    class Origin(models.TextChoices):
        """Who wanted it."""

        STAFF = "staff"
        AUTOMATIC = "automatic"
        PROVIDER = "provider", "made at the provider"

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    origin = models.CharField(max_length=10, choices=Origin)
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    lines = models.JSONField(
        default=list,
        blank=True,
        help_text="Returned units, as `{order_item_id, quantity, goods, shipping, tax}`.",
    )
    status = models.CharField(max_length=10, choices=RefundStatus, default=RefundStatus.REQUESTED)
    status_at = models.DateTimeField()
    provider_refund_id = models.CharField(max_length=255, blank=True)
    idempotency_key = models.CharField(
        max_length=64, blank=True, help_text="Digest of the key and caller that asked for it."
    )
    failure_code = models.CharField(max_length=80, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    next_check_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_amount_positive"),
            models.UniqueConstraint(
                fields=["payment", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="refund_request_once",
            ),
            models.UniqueConstraint(
                fields=["provider_refund_id"],
                condition=~Q(provider_refund_id=""),
                name="refund_provider_once",
            ),
        ]
        indexes = [
            models.Index(fields=["next_check_at"], name="refund_due", condition=Q(status__in=UNDECIDED))
        ]

    def __str__(self) -> str:
        return f"refund {self.pk}"


class PaymentMethod(models.Model):
    """A card that the customer asked to keep. The number itself is only ever with the provider."""

    class Status(models.TextChoices):
        """Whether it can be used; ``detaching`` until the provider has forgotten it too."""

        ACTIVE = "active"
        DETACHING = "detaching"
        DETACHED = "detached"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="payment_methods"
    )
    provider = models.CharField(max_length=16)
    provider_ref = models.CharField(max_length=255)
    customer_ref = models.CharField(max_length=255, blank=True)
    brand = models.CharField(max_length=30)
    last4 = models.CharField(max_length=4)
    exp_month = models.PositiveSmallIntegerField()
    exp_year = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.ACTIVE)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "provider_ref"], name="payment_method_once")
        ]
        indexes = [models.Index(fields=["user", "status"], name="payment_method_by_user")]

    def __str__(self) -> str:
        return f"{self.brand} …{self.last4}"


class Transaction(models.Model):
    """A journal entry of the double-entry ledger. Its lines sum to zero and never change (database triggers)."""

    class Kind(models.TextChoices):
        """What happened."""

        CAPTURE = "capture", "money received"
        SALE = "sale", "money became revenue of an order"
        REFUND = "refund", "money returned"
        REFUND_REVERSED = "refund_reversed", "returned money came back"
        FEE = "fee", "the provider's fee"

    reference = models.CharField(
        max_length=64, unique=True, help_text="Names its cause, as `refund:17`, so that it is booked once."
    )
    kind = models.CharField(max_length=16, choices=Kind)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="transactions")
    refund = models.ForeignKey(
        Refund, null=True, blank=True, on_delete=models.PROTECT, related_name="transactions"
    )
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.reference


class TransactionLine(models.Model):
    """One side of a journal entry: debits are positive, credits negative."""

    class Account(models.TextChoices):
        """The chart of accounts."""

        PROVIDER_BALANCE = "provider_balance", "our money at the provider (asset)"
        CUSTOMER_RECEIVABLE = "customer_receivable", "what customers owe us, or we them (asset)"
        REVENUE = "revenue", "goods sold (income)"
        SHIPPING = "shipping", "shipping sold (income)"
        TAX = "tax", "tax owed (liability)"
        REFUNDS = "refunds", "goods refunded (contra income)"
        FEES = "fees", "fees of the provider (expense)"

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="lines")
    account = models.CharField(max_length=20, choices=Account)
    amount_minor = models.BigIntegerField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(amount_minor=0), name="transaction_line_not_zero")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount_minor}"


class StripeEvent(models.Model):
    """An event as it arrived, stored by its id before anything is done about it."""

    class State(models.TextChoices):
        """What has been done about it."""

        RECEIVED = "received", "stored, not yet applied"
        APPLIED = "applied"
        IGNORED = "ignored", "of a kind that means nothing here"
        WAITING = "waiting", "speaks of something not known yet"
        FAILED = "failed", "applying it raised an error"

    event_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=80)
    created = models.DateTimeField(help_text="The provider's clock.")
    payload = models.JSONField()
    intent_id = models.CharField(max_length=255, blank=True)
    payment = models.ForeignKey(
        Payment, null=True, blank=True, on_delete=models.SET_NULL, related_name="stripe_events"
    )
    state = models.CharField(max_length=10, choices=State, default=State.RECEIVED)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    received_at = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["received_at"],
                name="stripe_event_open",
                condition=Q(state__in=("received", "waiting", "failed")),
            ),
            models.Index(fields=["intent_id"], name="stripe_event_waiting", condition=Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class FakeProviderObject(models.Model):
    """What the built-in fake provider remembers: sessions, intents, refunds, and answers by idempotency key."""

    id = models.CharField(max_length=255, primary_key=True)
    parent = models.CharField(max_length=255, blank=True, db_index=True)
    document = models.JSONField()

    def __str__(self) -> str:
        return self.id

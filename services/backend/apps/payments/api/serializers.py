"""Input of the payments API, and the shapes of its answers for the OpenAPI document."""

from typing import Any

from django.core.validators import URLValidator
from rest_framework import serializers

from apps.core.api.fields import (
    DecimalStringField,
    IdField,
    QuantityField,
    StrictBooleanField,
    StrictCharField,
)
from apps.payments.models import Refund, Transaction, TransactionLine
from apps.payments.states import PaymentStatus, RefundStatus

MAX_URL = 2_000
MAX_REFUND_LINES = 100
#: What the API says of a payment whose money has been returned.
SHOWN_STATUSES = [*PaymentStatus.values, "partially_refunded", "refunded"]


class ReturnUrlField(StrictCharField):
    """Where the customer's browser goes afterwards. May contain ``{CHECKOUT_SESSION_ID}``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_URL, **kwargs)
        self.validators.append(URLValidator(schemes=["http", "https"]))


class CheckoutCreateInput(serializers.Serializer):
    """Body of ``POST create-checkout-session/``."""

    order_id = IdField()
    success_url = ReturnUrlField()
    cancel_url = ReturnUrlField()
    save_payment_method = StrictBooleanField(required=False, default=False)


class CheckoutSessionOutput(serializers.Serializer):
    """Where to send the customer."""

    session_id = serializers.CharField()
    url = serializers.CharField()
    payment_id = serializers.IntegerField()


class RefundLineInput(serializers.Serializer):
    """Returned units of one line, named as in the order, by its id or by its product."""

    order_item_id = IdField(required=False)
    product_id = IdField(required=False)
    variant_id = IdField(required=False, allow_null=True, default=None)
    quantity = QuantityField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Want one name."""
        if ("order_item_id" in attrs) == ("product_id" in attrs):
            raise serializers.ValidationError({"order_item_id": ["Give either order_item_id or product_id."]})
        return attrs


class RefundCreateInput(serializers.Serializer):
    """Body of ``POST {id}/refund/``: an amount, or lines, or neither for all that is left."""

    amount = DecimalStringField(required=False)
    lines = serializers.ListField(
        child=RefundLineInput(), required=False, allow_empty=False, max_length=MAX_REFUND_LINES
    )
    reason = StrictCharField(max_length=300)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse an amount beside lines."""
        if "amount" in attrs and "lines" in attrs:
            raise serializers.ValidationError({"amount": ["Give an amount or lines, not both."]})
        return attrs


class RefundLineOutput(serializers.Serializer):
    """Returned units of one line; the amount has their share of shipping, tax and discount in it."""

    order_item_id = serializers.IntegerField()
    quantity = serializers.IntegerField()
    amount = DecimalStringField()


class RefundOutput(serializers.Serializer):
    """A refund. ``requested`` means that the provider has not answered yet; it will be asked until it does."""

    id = serializers.IntegerField()
    payment_id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=RefundStatus.choices)
    origin = serializers.ChoiceField(choices=Refund.Origin.choices)
    amount = DecimalStringField()
    currency = serializers.CharField()
    reason = serializers.CharField()
    lines = RefundLineOutput(many=True)
    created_at = serializers.DateTimeField()


class PaymentOutput(serializers.Serializer):
    """A payment. ``refundable`` is what has been captured and not been promised back; ``url`` is set while open."""

    id = serializers.IntegerField()
    order_id = serializers.IntegerField()
    order_number = serializers.CharField()
    status = serializers.ChoiceField(choices=SHOWN_STATUSES)
    provider = serializers.CharField()
    session_id = serializers.CharField()
    url = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    amount = DecimalStringField()
    captured = DecimalStringField()
    refunded = DecimalStringField()
    refundable = DecimalStringField()
    failure_code = serializers.CharField(allow_blank=True)
    refunds = RefundOutput(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class TransactionLineOutput(serializers.Serializer):
    """One side of an entry: debits positive, credits negative."""

    account = serializers.ChoiceField(choices=TransactionLine.Account.choices)
    amount = DecimalStringField()


class TransactionOutput(serializers.Serializer):
    """A journal entry; its lines sum to zero. ``amount`` is the sum of its debits."""

    id = serializers.IntegerField()
    type = serializers.ChoiceField(choices=Transaction.Kind.choices)
    payment_id = serializers.IntegerField()
    order_id = serializers.IntegerField()
    refund_id = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    amount = DecimalStringField()
    lines = TransactionLineOutput(many=True)
    created_at = serializers.DateTimeField()


class PaymentMethodOutput(serializers.Serializer):
    """A stored card."""

    id = serializers.IntegerField()
    brand = serializers.CharField()
    last4 = serializers.CharField()
    exp_month = serializers.IntegerField()
    exp_year = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class WebhookOutput(serializers.Serializer):
    """The event is stored."""

    received = serializers.BooleanField()


class FakePageInput(serializers.Serializer):
    """What a customer does on the built-in page: pay with a card, or let a slow payment settle."""

    card = serializers.CharField(required=False, max_length=30)
    authenticated = serializers.BooleanField(required=False, default=False)
    settle = serializers.ChoiceField(choices=["succeed", "fail"], required=False)

"""Input of the orders API, and the shapes of its answers for the OpenAPI document."""

from typing import Any

from rest_framework import serializers

from apps.accounts.api.serializers import PostalAddressSerializer
from apps.core.api.fields import DecimalStringField, IdField, QuantityField, StrictCharField
from apps.orders.models import Order, ReturnRequest

MAX_ORDER_LINES = 100


class CartAddSerializer(serializers.Serializer):
    """Body of ``POST cart/add/``."""

    product_id = IdField()
    variant_id = IdField(required=False, allow_null=True, default=None)
    quantity = QuantityField(default=1)


class CartQuantitySerializer(serializers.Serializer):
    """Body of ``PUT cart/items/{id}/``."""

    quantity = QuantityField()


class OrderLineSerializer(serializers.Serializer):
    """One line of ``POST orders/``."""

    product_id = IdField()
    variant_id = IdField(required=False, allow_null=True, default=None)
    quantity = QuantityField()


class OrderCreateSerializer(serializers.Serializer):
    """Body of ``POST orders/``: lines or the cart; an address by id, inline, or the caller's default."""

    items = OrderLineSerializer(many=True, required=False, allow_empty=False, max_length=MAX_ORDER_LINES)  # type: ignore[call-arg]
    shipping_address_id = IdField(required=False)
    shipping_address = PostalAddressSerializer(required=False)
    billing_address_id = IdField(required=False)
    note = StrictCharField(required=False, allow_blank=True, max_length=1_000, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two shipping addresses."""
        if "shipping_address" in attrs and "shipping_address_id" in attrs:
            raise serializers.ValidationError({"shipping_address": ["Give an address or its id, not both."]})
        return attrs


class OrderCancelSerializer(serializers.Serializer):
    """Body of ``POST orders/{id}/cancel/``."""

    reason = StrictCharField(required=False, allow_blank=True, max_length=200, default="")


class OrderShipSerializer(serializers.Serializer):
    """Body of ``POST orders/{id}/ship/``."""

    tracking = StrictCharField(required=False, allow_blank=True, max_length=100, default="")


class CartProductSerializer(serializers.Serializer):
    """A product as a cart names it."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    slug = serializers.CharField()


class CartItemSerializer(serializers.Serializer):
    """A cart line; ``available`` is the number of units that can be sold now."""

    id = serializers.IntegerField()
    product = CartProductSerializer()
    variant_id = serializers.IntegerField(allow_null=True)
    variant_name = serializers.CharField(allow_null=True)
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = DecimalStringField()
    line_total = DecimalStringField()
    available = serializers.IntegerField()
    held_until = serializers.DateTimeField(
        allow_null=True,
        help_text="Until then the line keeps this price, though the product is dearer by now.",
    )


class CartSerializer(serializers.Serializer):
    """A cart at today's prices."""

    id = serializers.IntegerField()
    token = serializers.UUIDField()
    items = CartItemSerializer(many=True)
    subtotal = DecimalStringField()
    total = DecimalStringField()
    currency = serializers.CharField()
    item_count = serializers.IntegerField()


class OrderItemSerializer(serializers.Serializer):
    """A line as it was ordered."""

    id = serializers.IntegerField()
    product_id = serializers.IntegerField(allow_null=True)
    variant_id = serializers.IntegerField(allow_null=True)
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = DecimalStringField()
    line_total = DecimalStringField()


class OrderSerializer(serializers.Serializer):
    """A placed order. ``expires_at`` is set while it waits for payment."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Order.Status.choices)
    payment_status = serializers.ChoiceField(choices=Order.PaymentStatus.choices)
    items = OrderItemSerializer(many=True)
    subtotal = DecimalStringField()
    shipping = DecimalStringField()
    tax = DecimalStringField()
    discount = DecimalStringField()
    total = DecimalStringField()
    currency = serializers.CharField()
    shipping_address = serializers.DictField()
    billing_address = serializers.DictField()
    note = serializers.CharField()
    expires_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class OrderListSerializer(serializers.Serializer):
    """A page of orders."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = OrderSerializer(many=True)


class OrderEventSerializer(serializers.Serializer):
    """An entry of the timeline."""

    type = serializers.CharField()
    message = serializers.CharField()
    data = serializers.DictField()  # type: ignore[assignment]
    request_id = serializers.CharField()
    trace_id = serializers.CharField(
        help_text="Of the request that caused it; empty for what ran by the clock."
    )
    created_at = serializers.DateTimeField()


class OrderTimelineSerializer(serializers.Serializer):
    """A page of the timeline."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = OrderEventSerializer(many=True)


class ReturnLineInput(serializers.Serializer):
    """One article that comes back."""

    sku = StrictCharField(max_length=64)
    quantity = QuantityField()


class ReturnInput(serializers.Serializer):
    """Body of ``POST {id}/returns/``; without ``items`` the whole order comes back."""

    items = ReturnLineInput(many=True, required=False, allow_empty=False, max_length=MAX_ORDER_LINES)  # type: ignore[call-arg]
    reason = StrictCharField(required=False, allow_blank=True, max_length=500, default="")


class ReturnLineSerializer(serializers.Serializer):
    """One article that comes back, by the name it was bought under."""

    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()


class ReturnSerializer(serializers.Serializer):
    """A return request."""

    id = serializers.IntegerField()
    order_id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ReturnRequest.Status.choices)
    items = ReturnLineSerializer(many=True)
    reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)

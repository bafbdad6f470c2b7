"""Shapes of the pricing endpoints."""

from rest_framework import serializers

from apps.core.api.fields import DecimalStringField, IdField, StrictBooleanField, StrictCharField
from apps.pricing.models import PriceProposal

MOST_PRODUCTS = 100


class PricingModelOutput(serializers.Serializer):
    """The model that proposed."""

    name = serializers.CharField()
    version = serializers.CharField()
    digest = serializers.CharField()


class PricedProductOutput(serializers.Serializer):
    """The product."""

    id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()


class ExpectedOutput(serializers.Serializer):
    """What is expected a day; empty where nothing is known. Margins are in the product's currency."""

    units = serializers.FloatField(allow_null=True, required=False)
    units_now = serializers.FloatField(allow_null=True, required=False)
    margin = serializers.FloatField(allow_null=True, required=False)
    margin_now = serializers.FloatField(allow_null=True, required=False)
    elasticity = serializers.FloatField(allow_null=True, required=False)
    elasticity_low = serializers.FloatField(allow_null=True, required=False)
    elasticity_high = serializers.FloatField(allow_null=True, required=False)


class ProposalOutput(serializers.Serializer):
    """A proposed price, why, and what became of it."""

    id = serializers.IntegerField()
    product = PricedProductOutput()
    status = serializers.ChoiceField(choices=PriceProposal.Status.choices)
    currency = serializers.CharField()
    current_price = serializers.CharField(help_text="When it was proposed.")
    proposed_price = serializers.CharField()
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=PriceProposal.Source.choices, help_text="`staff`: a person proposed it."
    )
    model = PricingModelOutput(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    expected = ExpectedOutput()
    limits = serializers.ListField(child=serializers.CharField(), help_text="Limits that shaped the price.")
    note = serializers.CharField(allow_blank=True)
    proposed_by = serializers.CharField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    apply_at = serializers.DateTimeField(allow_null=True)
    applied_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


class ProposalsInput(serializers.Serializer):
    """Body of ``POST pricing/proposals/``: products to find prices for, or one product and a price of one's own."""

    product_ids = serializers.ListField(
        child=IdField(), required=False, min_length=1, max_length=MOST_PRODUCTS,
        help_text="Default: those that were not looked at for longest.",
    )  # fmt: skip
    product_id = IdField(required=False)
    price = DecimalStringField(required=False)
    note = StrictCharField(required=False, allow_blank=True, max_length=500, default="")

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        """A price belongs to one product."""
        if ("price" in attrs) != ("product_id" in attrs):
            raise serializers.ValidationError({"price": ["Give product_id and price together, or neither."]})
        if "price" in attrs and "product_ids" in attrs:
            raise serializers.ValidationError({"product_ids": ["Give either product_ids or a price."]})
        return attrs


class SkippedOutput(serializers.Serializer):
    """A product without a proposal."""

    product_id = serializers.IntegerField()
    reason = serializers.CharField()


class ProposedOutput(serializers.Serializer):
    """What came of looking for prices."""

    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=PriceProposal.Source.choices,
        help_text="`fallback`: the service did not answer, prices stay as they are.",
    )
    model = PricingModelOutput(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    results = ProposalOutput(many=True)
    skipped = SkippedOutput(many=True)


class ApproveInput(serializers.Serializer):
    """Body of ``POST pricing/proposals/{id}/approve/``."""

    apply_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="When the price changes; at once if not given.",
    )


class RejectInput(serializers.Serializer):
    """Body of ``POST pricing/proposals/{id}/reject/``."""

    note = StrictCharField(required=False, allow_blank=True, max_length=500, default="")


class LimitInput(serializers.Serializer):
    """Body of ``PUT pricing/limits/{product_id}/``."""

    cost = DecimalStringField(help_text="What one unit costs the shop.")
    floor = DecimalStringField(required=False, allow_null=True, default=None)
    cap = DecimalStringField(required=False, allow_null=True, default=None)
    frozen = StrictBooleanField(required=False, default=False)


class LimitOutput(serializers.Serializer):
    """Limits of a product's price."""

    product_id = serializers.IntegerField()
    currency = serializers.CharField()
    cost = serializers.CharField()
    floor = serializers.CharField()
    cap = serializers.CharField()
    daily_step = serializers.FloatField(help_text="Largest change within 24 hours, as a fraction.")
    frozen = serializers.BooleanField()
    updated_at = serializers.DateTimeField()


class FreezeInput(serializers.Serializer):
    """Body of ``PUT pricing/freeze/``."""

    frozen = StrictBooleanField()
    note = StrictCharField(required=False, allow_blank=True, max_length=500, default="")


class FreezeOutput(serializers.Serializer):
    """The switch."""

    frozen = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)
    actor = serializers.CharField(allow_null=True)
    updated_at = serializers.DateTimeField(allow_null=True)


class PriceEntryOutput(serializers.Serializer):
    """A price from its time on."""

    price = serializers.CharField()
    since = serializers.DateTimeField()


class ProductPriceOutput(serializers.Serializer):
    """What a product costs, and cost; the same for everybody."""

    product_id = serializers.IntegerField()
    currency = serializers.CharField()
    price = serializers.CharField()
    lowest_price_30d = serializers.CharField(
        help_text="The lowest price of the 30 days before the present one began (Directive 98/6/EC, article 6a)."
    )
    history = PriceEntryOutput(many=True, help_text="Of the last 90 days, the oldest first.")

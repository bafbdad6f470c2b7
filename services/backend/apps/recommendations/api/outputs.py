"""Shapes of the answers, for the OpenAPI document."""

from rest_framework import serializers

from apps.products.api.outputs import ProductOutput


class ModelOutput(serializers.Serializer):
    """The model that answered."""

    name = serializers.CharField()
    version = serializers.CharField()
    digest = serializers.CharField()


class ReasonOutput(serializers.Serializer):
    """Why a product is shown."""

    kind = serializers.CharField()
    text = serializers.CharField()
    product_id = serializers.IntegerField(allow_null=True, help_text="The product that led here, if one did.")


class RecommendedOutput(serializers.Serializer):
    """A product and why it is shown."""

    product = ProductOutput()
    reason = ReasonOutput()


class RecommendationsOutput(serializers.Serializer):
    """Products, best first."""

    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["model", "cache", "baseline", "fallback"],
        help_text="`fallback`: best sellers of the shop, without the service.",
    )
    model = ModelOutput(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    results = RecommendedOutput(many=True)

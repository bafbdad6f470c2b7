"""Shapes of the answers, for the OpenAPI document."""

from rest_framework import serializers

from apps.products.api.outputs import CategoryRefOutput, ProductOutput
from apps.recommendations.api.outputs import ModelOutput


class SeenOutput(serializers.Serializer):
    """Who answered, and why."""

    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=["model", "cache", "baseline", "fallback"], help_text="`fallback`: without the service."
    )
    model = ModelOutput(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    confidence = serializers.FloatField(
        allow_null=True, help_text="Probability that the first category is right, when a model knows it."
    )


class SeenProductOutput(serializers.Serializer):
    """A product that a picture may show."""

    product = ProductOutput()
    score = serializers.FloatField(allow_null=True, help_text="Higher is more alike; none from the fallback.")


class VisualSearchOutput(SeenOutput):
    """Products, most alike first."""

    results = SeenProductOutput(many=True)


class DuplicateOutput(serializers.Serializer):
    """A product with a picture that this one is a copy of."""

    product = ProductOutput()
    image_id = serializers.IntegerField()
    likeness = serializers.FloatField()


class CategorySuggestionOutput(serializers.Serializer):
    """Where a product like this is kept."""

    category = CategoryRefOutput()
    share = serializers.FloatField()


class ColourSuggestionOutput(serializers.Serializer):
    """A main colour."""

    name = serializers.CharField()
    share = serializers.FloatField()


class ImageCheckOutput(SeenOutput):
    """What staff want to know before they add a picture."""

    duplicates = DuplicateOutput(many=True)
    categories = CategorySuggestionOutput(many=True)
    colours = ColourSuggestionOutput(many=True)


class PictureOutput(serializers.Serializer):
    """A picture of a product that the shop shows."""

    id = serializers.IntegerField()
    file = serializers.CharField(help_text="Below `/media/`.")
    product_id = serializers.IntegerField()
    category = serializers.CharField(allow_null=True, help_text="Slug.")


class PicturesOutput(serializers.Serializer):
    """A page, newest first."""

    next = serializers.IntegerField(allow_null=True, help_text="Value of `before` for the next page.")
    results = PictureOutput(many=True)

"""What search is asked, and shapes of its answers for the OpenAPI document."""

from rest_framework import serializers

from apps.core.api.fields import DecimalStringField
from apps.products.api.outputs import ProductOutput

MAX_DAYS = 90


class SearchExtrasInput(serializers.Serializer):
    """What an answer holds besides products."""

    facets = serializers.BooleanField(default=True, help_text="Count categories, brands, prices and so on.")
    highlights = serializers.BooleanField(default=True, help_text="Mark what matched.")


class SearchedTextsInput(serializers.Serializer):
    """Which report."""

    days = serializers.IntegerField(min_value=1, max_value=MAX_DAYS, default=30)
    in_vain = serializers.BooleanField(default=False, help_text="Only what found nothing.")
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class FoundProductOutput(ProductOutput):
    """A product, and where it matched."""

    highlights = serializers.DictField(
        child=serializers.CharField(), help_text="Field → HTML with `<em>` around what matched."
    )


class CategoryFacetOutput(serializers.Serializer):
    """A category with matches in it or below it."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    parent_id = serializers.IntegerField(allow_null=True)
    count = serializers.IntegerField()


class BrandFacetOutput(serializers.Serializer):
    """A brand."""

    value = serializers.CharField()
    count = serializers.IntegerField()


class PriceFacetOutput(serializers.Serializer):
    """A range of prices, both ends included; the last has no upper end."""

    min = DecimalStringField()
    max = DecimalStringField(allow_null=True)
    count = serializers.IntegerField()


class RatingFacetOutput(serializers.Serializer):
    """So many stars or more."""

    min = serializers.IntegerField()
    count = serializers.IntegerField()


class StockFacetOutput(serializers.Serializer):
    """In stock or not."""

    value = serializers.BooleanField()
    count = serializers.IntegerField()


class AttributeValueOutput(serializers.Serializer):
    """A value of an attribute."""

    value = serializers.JSONField(help_text="Text, number or truth.")
    count = serializers.IntegerField()


class AttributeFacetOutput(serializers.Serializer):
    """An attribute with its values."""

    name = serializers.CharField()
    values = AttributeValueOutput(many=True)


class FacetsOutput(serializers.Serializer):
    """Numbers of matches, each facet under all filters but its own."""

    category = CategoryFacetOutput(many=True)
    brand = BrandFacetOutput(many=True)
    price = PriceFacetOutput(many=True)
    rating = RatingFacetOutput(many=True)
    in_stock = StockFacetOutput(many=True)
    attributes = AttributeFacetOutput(many=True)


class SearchOutput(serializers.Serializer):
    """A page of what was found, with what surrounds it."""

    count = serializers.IntegerField(min_value=0)
    count_is_exact = serializers.BooleanField(help_text="Otherwise there are at least so many.")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = FoundProductOutput(many=True)
    facets = FacetsOutput(allow_null=True)
    did_you_mean = serializers.CharField(allow_null=True)
    mode = serializers.CharField(help_text="`hybrid` when meaning took part, else `lexical`.")
    read_as = serializers.ListField(
        child=serializers.CharField(), help_text="Parts of the text that were read as filters."
    )
    source = serializers.CharField(help_text="`elasticsearch` or `postgresql`.")  # type: ignore[assignment]


class SearchedTextOutput(serializers.Serializer):
    """How often a text was searched."""

    text = serializers.CharField()
    searches = serializers.IntegerField(source="total")
    in_vain = serializers.IntegerField(source="nothing", help_text="Searches that found nothing.")


class SearchedTextsOutput(serializers.Serializer):
    """The most frequent texts of some days."""

    days = serializers.IntegerField()
    results = SearchedTextOutput(many=True)

"""Shapes of the answers, for the OpenAPI document. The hot path does not run them; a contract test does."""

from rest_framework import serializers

from apps.core.api.fields import DecimalStringField
from apps.products.models import ProductReview


class CategoryRefOutput(serializers.Serializer):
    """A category as others name it."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()


class ImageOutput(serializers.Serializer):
    """A picture of a product."""

    id = serializers.IntegerField()
    url = serializers.CharField()
    is_primary = serializers.BooleanField()
    alt = serializers.CharField()


class VariantOutput(serializers.Serializer):
    """A sellable form of a product."""

    id = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    attributes = serializers.DictField()
    price = DecimalStringField()
    stock = serializers.IntegerField(help_text="What can be sold now.")


class ProductOutput(serializers.Serializer):
    """A product. Its ``stock`` is that of its variants together when it has any."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    sku = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    brand = serializers.CharField()
    category = CategoryRefOutput(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    price = DecimalStringField()
    currency = serializers.CharField()
    stock = serializers.IntegerField(help_text="What can be sold now.")
    in_stock = serializers.BooleanField()
    rating = serializers.FloatField(help_text="Mean of the approved reviews, 0 if none.")
    review_count = serializers.IntegerField()
    images = ImageOutput(many=True)
    variants = VariantOutput(many=True)
    attributes = serializers.DictField()
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class ReviewAuthorOutput(serializers.Serializer):
    """Who wrote a review, as much as the public may know."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ReviewOutput(serializers.Serializer):
    """A review."""

    id = serializers.IntegerField()
    product_id = serializers.IntegerField()
    rating = serializers.IntegerField()
    title = serializers.CharField()
    body = serializers.CharField()
    verified_purchase = serializers.BooleanField()
    helpful_count = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ProductReview.Status.choices)
    user = ReviewAuthorOutput()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class CategoryOutput(CategoryRefOutput):
    """A node of the category tree."""

    description = serializers.CharField()
    parent_id = serializers.IntegerField(allow_null=True)
    depth = serializers.IntegerField(help_text="1 at the top.")
    has_children = serializers.BooleanField()


class CategoryDetailOutput(CategoryOutput):
    """A category with its surroundings."""

    ancestors = CategoryRefOutput(many=True, help_text="From the top down to the parent.")
    children = CategoryRefOutput(many=True)
    product_count = serializers.IntegerField(help_text="Shown products here and below.")


class TagOutput(serializers.Serializer):
    """A tag."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()


class SuggestionOutput(serializers.Serializer):
    """A product that may be meant."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    sku = serializers.CharField()
    brand = serializers.CharField()
    price = DecimalStringField()
    currency = serializers.CharField()
    image = serializers.CharField(allow_null=True)


class SuggestOutput(serializers.Serializer):
    """Answer of ``GET products/suggest/``."""

    results = SuggestionOutput(many=True)


class WishlistItemOutput(serializers.Serializer):
    """Something a user wants to remember."""

    id = serializers.IntegerField()
    product = ProductOutput()
    added_at = serializers.DateTimeField()

"""Input of the catalogue API. Shapes of its answers are in ``apps.products.api.outputs``."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from apps.core.api.fields import DecimalStringField, IdField, StrictBooleanField
from apps.products.api.fields import (
    AttributesField,
    ProductSlugField,
    RatingField,
    SkuField,
    StockField,
    TagField,
    TextField,
)
from apps.products.models import ProductReview
from meshop_shared.money import decimal_to_minor

MAX_VARIANTS, MAX_TAGS = 100, 30


class PriceField(DecimalStringField):
    """A price in the shop's currency, as minor units."""

    def to_internal_value(self, data: Any) -> int:  # type: ignore[override]
        """Return minor units."""
        try:
            return decimal_to_minor(super().to_internal_value(data), settings.MESHOP.shop_currency)
        except ValueError as error:
            raise serializers.ValidationError([str(error)]) from error


class VariantInput(serializers.Serializer):
    """A variant in ``POST, PUT, PATCH products/``; matched by SKU. No ``price`` means the product's."""

    sku = SkuField()
    name = TextField(max_length=200)
    attributes = AttributesField(required=False)
    price = PriceField(required=False, allow_null=True, source="price_minor")
    stock = StockField(required=False)


class ProductInput(serializers.Serializer):
    """Body of ``POST, PUT products/`` (``PATCH``: any part of it). What is left out of a change stays as it is."""

    sku = SkuField()
    name = TextField(max_length=200)
    slug = ProductSlugField(required=False)
    description = TextField(multiline=True, required=False, allow_blank=True, max_length=20_000)
    brand = TextField(required=False, allow_blank=True, max_length=120)
    category_id = IdField(required=False, allow_null=True)
    tags = serializers.ListField(child=TagField(), required=False, max_length=MAX_TAGS)
    price = PriceField(source="price_minor")
    currency = serializers.CharField(required=False, help_text="The shop sells in one currency.")
    stock = StockField(required=False)
    variants = serializers.ListField(child=VariantInput(), required=False, max_length=MAX_VARIANTS)
    attributes = AttributesField(required=False)
    is_active = StrictBooleanField(required=False)

    def validate_currency(self, value: str) -> str:
        """Carts add up prices, so there is one currency."""
        if value != settings.MESHOP.shop_currency:
            raise serializers.ValidationError(f"This shop sells in {settings.MESHOP.shop_currency}.")
        return value

    def validate_variants(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each SKU once."""
        if len({variant["sku"] for variant in value}) != len(value):
            raise serializers.ValidationError("Each variant needs its own SKU.")
        return value


class ReviewInput(serializers.Serializer):
    """What an author says."""

    rating = RatingField()
    title = TextField(required=False, allow_blank=True, max_length=120)
    body = TextField(multiline=True, required=False, allow_blank=True, max_length=5_000)


class ReviewCreateInput(ReviewInput):
    """Body of ``POST products/reviews/``."""

    product_id = IdField()


class ReviewChangeInput(ReviewInput):
    """Body of ``PATCH products/reviews/{id}/``: the author's words, or a moderator's decision."""

    rating = RatingField(required=False)
    status = serializers.ChoiceField(choices=ProductReview.Status.choices, required=False)


class CategoryInput(serializers.Serializer):
    """Body of ``POST products/categories/``."""

    name = TextField(max_length=120)
    parent_id = IdField(required=False, allow_null=True, default=None)
    description = TextField(multiline=True, required=False, allow_blank=True, max_length=5_000, default="")


class WishlistInput(serializers.Serializer):
    """Body of ``POST products/wishlist/``."""

    product_id = IdField()


class ImageInput(serializers.Serializer):
    """Multipart body of ``POST products/{id}/upload_image/``."""

    image = serializers.FileField(allow_empty_file=True)
    alt = TextField(required=False, allow_blank=True, max_length=200, default="")
    is_primary = serializers.BooleanField(required=False, default=False)

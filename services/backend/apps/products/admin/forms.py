"""Forms of the product page: prices in the shop's currency, stock as what can be sold."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from rest_framework import serializers

from apps.products.api.fields import MAX_STOCK, AttributesField
from apps.products.models import Product, ProductImage, ProductVariant
from apps.products.slugs import RESERVED
from apps.products.text import plain_text
from meshop_shared.money import decimal_to_minor, minor_to_decimal_string


class PriceField(forms.DecimalField):
    """An amount in the shop's currency, as minor units."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal(0), max_digits=12, **kwargs)

    def clean(self, value: Any) -> int | None:
        """Return minor units."""
        amount = super().clean(value)
        if amount is None:
            return None
        try:
            return decimal_to_minor(amount, settings.MESHOP.shop_currency)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


def _price_text(minor: int | None) -> str | None:
    return None if minor is None else minor_to_decimal_string(minor, settings.MESHOP.shop_currency)


class _AttributesMixin(forms.ModelForm):
    def clean_attributes(self) -> dict[str, Any]:
        """Hold attributes to the rules of the API."""
        value = self.cleaned_data["attributes"] or {}
        try:
            return AttributesField().to_internal_value(value)
        except serializers.ValidationError as error:
            raise forms.ValidationError([str(detail) for detail in error.detail]) from error


class ProductForm(_AttributesMixin):
    """A product with its price and, unless it has variants, its stock."""

    price = PriceField()
    stock = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MAX_STOCK,
        help_text="What can be sold now. Leave empty to change nothing, and for products with variants.",
    )

    class Meta:
        model = Product
        fields = (
            "sku", "name", "slug", "brand", "category", "tags", "description", "price", "stock",
            "attributes", "is_active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False
        if self.instance.pk:
            self.initial["price"] = _price_text(self.instance.price_minor)
            self.initial["stock"] = self.instance.stock_item.available if self.instance.stock_item else None

    def clean_slug(self) -> str:
        """Ids and words of the URL scheme are no slugs."""
        slug: str = self.cleaned_data["slug"]
        if slug.isdigit() or slug in RESERVED:
            raise forms.ValidationError("A slug needs a letter, and some words are reserved.")
        return slug

    def product_data(self) -> dict[str, Any]:
        """What was posted, for the service; only what has changed."""
        data = self.cleaned_data
        posted = {
            "sku": data["sku"].strip(),
            "slug": data["slug"],
            "name": plain_text(data["name"]),
            "brand": plain_text(data["brand"]),
            "description": plain_text(data["description"], multiline=True),
            "category_id": data["category"].pk if data["category"] else None,
            "tags": [tag.name for tag in data["tags"]],
            "price_minor": data["price"],
            "stock": data["stock"],
            "attributes": data["attributes"],
            "is_active": data["is_active"],
        }
        names = {"category_id": "category", "price_minor": "price"}
        changed = set(self.changed_data)
        empty = {name for name in ("stock", "slug") if posted[name] in (None, "")}
        return {
            name: value
            for name, value in posted.items()
            if name not in empty and (not self.instance.pk or names.get(name, name) in changed)
        }


class VariantForm(_AttributesMixin):
    """A variant with its own price and stock."""

    price = PriceField(required=False, help_text="Empty: the product's price.")
    stock = forms.IntegerField(min_value=0, max_value=MAX_STOCK)

    class Meta:
        model = ProductVariant
        fields = ("sku", "name", "attributes", "price", "stock")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["sku"].disabled = True
            self.initial["price"] = _price_text(self.instance.price_minor)
            self.initial["stock"] = self.instance.stock_item.available

    def variant_data(self) -> dict[str, Any]:
        """What was posted, for the service; stock only where it was changed."""
        data = self.cleaned_data
        variant = {
            "sku": data["sku"],
            "name": plain_text(data["name"]),
            "attributes": data["attributes"],
            "price_minor": data["price"],
        }
        return variant | ({"stock": data["stock"]} if "stock" in self.changed_data else {})


class ImageForm(forms.ModelForm):
    """A picture: uploaded once, described and ranked any time."""

    upload = forms.FileField(required=False)

    class Meta:
        model = ProductImage
        fields = ("alt", "is_primary")

    def clean(self) -> dict[str, Any]:
        """A new picture needs its file."""
        data = super().clean() or self.cleaned_data
        if not self.instance.pk and self.has_changed() and not data.get("upload"):
            self.add_error("upload", "Choose a file.")
        return data

"""What the product list can be narrowed by, declared once for validation, SQL and other search engines."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.db import models
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from apps.inventory.models import StockItem
from apps.products.models import Product, ProductVariant, Tag
from apps.products.selectors import category_branch_ids
from meshop_shared.errors import ValidationFailed
from meshop_shared.money import decimal_to_minor

MAX_SEARCH_LENGTH = 200
_MAX_TEXT = 200
_MAX_ATTRIBUTES = 10
_PREFIX = "attr."
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)

ORDERINGS = ("price", "-price", "name", "-name", "newest", "rating", "relevance")
#: Whether a product has units left, its own or those of a shown variant. Scalar subqueries on purpose: PostgreSQL
#: looks them up for the rows of a page, where EXISTS and joins would make it read all of stock first.
IN_STOCK = Coalesce(
    Subquery(
        StockItem.objects.filter(pk=OuterRef("stock_item")).values(left=Q(on_hand__gt=F("reserved"))),
        output_field=models.BooleanField(),
    ),
    Subquery(
        ProductVariant.objects.filter(
            product=OuterRef("pk"), is_active=True, stock_item__on_hand__gt=F("stock_item__reserved")
        )
        .order_by()
        .values(left=Value(True))[:1],
        output_field=models.BooleanField(),
    ),
    Value(False),
)


class BooleanField(forms.CharField):
    """``true`` or ``false``, nothing in between."""

    def clean(self, value: Any) -> bool | None:
        """Return the truth, ``None`` when the parameter is missing or empty."""
        text = super().clean(value)
        if not text:
            return None
        if text.lower() not in _BOOLEANS:
            raise forms.ValidationError("Use true or false.")
        return _BOOLEANS[text.lower()]


class PriceField(forms.CharField):
    """An amount in the shop's currency, as minor units."""

    def clean(self, value: Any) -> int | None:
        """Return minor units, ``None`` when the parameter is missing or empty."""
        text = super().clean(value)
        if not text:
            return None
        try:
            minor = decimal_to_minor(text if len(text) <= 20 else "", settings.MESHOP.shop_currency)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        if minor < 0:
            raise forms.ValidationError("The amount must not be negative.")
        return minor


class BooleanFilter(django_filters.Filter):
    """Filter by :class:`BooleanField`."""

    field_class = BooleanField


class PriceFilter(django_filters.Filter):
    """Filter by :class:`PriceField`."""

    field_class = PriceField


class ProductFilterSet(django_filters.FilterSet):
    """Query parameters of ``GET products/``. ``form.cleaned_data`` is the neutral form, ``filter_queryset`` the SQL.

    ``attr.<name>=`` parameters are in ``attributes``. What is said about the text (``search``) and the order
    (``ordering``) is validated here and applied by the caller.
    """

    search = django_filters.CharFilter(method="keep", max_length=MAX_SEARCH_LENGTH)
    category = django_filters.CharFilter(method="filter_category", max_length=_MAX_TEXT)
    min_price = PriceFilter(field_name="price_minor", lookup_expr="gte")
    max_price = PriceFilter(field_name="price_minor", lookup_expr="lte")
    brand = django_filters.CharFilter(max_length=_MAX_TEXT)
    tag = django_filters.CharFilter(method="filter_tag", max_length=_MAX_TEXT)
    in_stock = BooleanFilter(method="filter_in_stock")
    min_rating = django_filters.NumberFilter(
        field_name="rating", lookup_expr="gte", min_value=0, max_value=5, max_digits=10, decimal_places=6
    )
    ordering = django_filters.ChoiceFilter(method="keep", choices=[(name, name) for name in ORDERINGS])
    mode = django_filters.ChoiceFilter(
        method="keep", choices=[(name, name) for name in ("hybrid", "lexical")]
    )
    is_active = BooleanFilter()

    class Meta:
        model = Product
        fields: tuple[str, ...] = ()

    def __init__(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(data, queryset=Product.objects.all(), **kwargs)
        self.attributes = _attributes(data)

    def get_form_class(self) -> type[forms.Form]:
        """Build the form once, not for each request."""
        return _form_class()

    def validate(self) -> dict[str, Any]:
        """Return the cleaned values. Raises ``ValidationFailed`` that names the parameters at fault."""
        if not self.is_valid():
            fields = {name: [str(item) for item in errors] for name, errors in self.errors.items()}
            raise ValidationFailed(extra={"fields": fields})
        return dict(self.form.cleaned_data)

    def filter_queryset(self, queryset: QuerySet[Product]) -> QuerySet[Product]:
        """Narrow ``queryset`` by everything but text and order. Hidden products only on demand."""
        queryset = super().filter_queryset(queryset)
        if self.form.cleaned_data["is_active"] is None:
            queryset = queryset.filter(is_active=True)
        for name, values in self.attributes.items():
            wanted = Q()
            for value in values:
                wanted |= Q(attributes__contains={name: value})
            # A union of two index scans; an OR over both tables would read them whole.
            own = Product.objects.filter(wanted).values("pk")
            variants = ProductVariant.objects.filter(wanted, is_active=True).values("product_id")
            queryset = queryset.filter(pk__in=own.union(variants))
        return queryset

    def keep(self, queryset: QuerySet[Product], name: str, value: Any) -> QuerySet[Product]:
        """Leave this parameter to the caller."""
        return queryset

    def filter_category(self, queryset: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        """Products of the category and of all below it."""
        ids = category_branch_ids(slug=value)
        if ids is None:
            raise ValidationFailed.for_field("category", "There is no such category.")
        return queryset.filter(category__in=ids)

    def filter_tag(self, queryset: QuerySet[Product], name: str, value: str) -> QuerySet[Product]:
        """Products with the tag, by its slug or name."""
        tags = Tag.objects.filter(Q(slug=value) | Q(name=value)).values("pk")
        return queryset.filter(pk__in=Product.tags.through.objects.filter(tag__in=tags).values("product_id"))

    def filter_in_stock(self, queryset: QuerySet[Product], name: str, value: bool) -> QuerySet[Product]:
        """Products that can, or cannot, be sold now."""
        return queryset.alias(left=IN_STOCK).filter(left=value)


@cache
def _form_class() -> type[forms.Form]:
    plain: type[forms.Form] = super(ProductFilterSet, ProductFilterSet({})).get_form_class()
    return plain


def _attributes(data: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Map each asked attribute to the JSON values its text can stand for."""
    found: dict[str, list[Any]] = {}
    for parameter in data:
        if not parameter.startswith(_PREFIX):
            continue
        name, text = parameter.removeprefix(_PREFIX), str(data[parameter])
        if not name or "\x00" in name + text or len(name) > _MAX_TEXT or len(text) > _MAX_TEXT:
            raise ValidationFailed.for_field(
                parameter[:_MAX_TEXT], "Give the attribute a name and a short text."
            )
        found[name] = [text]
        if text in ("true", "false"):
            found[name].append(text == "true")
        elif _NUMBER.fullmatch(text):
            found[name].append(float(text) if "." in text else int(text))
    if len(found) > _MAX_ATTRIBUTES:
        raise ValidationFailed.for_field("attr", f"Filter by at most {_MAX_ATTRIBUTES} attributes at once.")
    return found

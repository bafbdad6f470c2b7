"""The fast path answers exactly what the OpenAPI document says."""

from datetime import UTC, datetime

import orjson
import pytest
from rest_framework import serializers

from apps.products.api.outputs import ProductOutput
from apps.products.cards import image_url, product_to_dict

IMAGES = orjson.dumps([[3, "products/7/a b.png", True, "Front"]]).decode()
VARIANTS = orjson.dumps(
    [[1, "K-S", "Small", {"size": "S"}, None, 4], [2, "K-L", "Large", {"size": "L"}, 650, 0]]
).decode()


def row(**changes):
    values = {
        "id": 7, "slug": "kettle", "sku": "K", "name": "Kettle", "description": "Boils.", "brand": "Acme",
        "category_id": 2, "category_slug": "kitchen", "category_name": "Kitchen",
        "price_minor": 1234, "currency": "GBP", "rating": 4.333333, "review_count": 3,
        "attributes": '{"litres": 1.5}', "is_active": True, "created_at": datetime(2026, 1, 2, tzinfo=UTC),
        "stock": 5, "tags": ["gift"], "images": IMAGES, "variants": None,
    }  # fmt: skip
    return tuple((values | changes).values())


def checked(serializer, value, path="product"):
    """Compare a value with what a serializer declares: the same keys, and a type that fits."""
    assert set(value) == set(serializer.fields), path
    for name, field in serializer.fields.items():
        inner = value[name]
        where = f"{path}.{name}"
        if isinstance(field, serializers.ListSerializer):
            for item in inner:
                checked(field.child, item, where)
        elif isinstance(field, serializers.Serializer):
            if inner is None:
                assert field.allow_null, where
            else:
                checked(field, inner, where)
        else:
            expected = {
                serializers.IntegerField: int,
                serializers.BooleanField: bool,
                serializers.FloatField: (int, float),
                serializers.ListField: list,
                serializers.DictField: dict,
                serializers.DateTimeField: datetime,
            }.get(type(field), str)
            assert isinstance(inner, expected), f"{where}: {inner!r}"


@pytest.mark.parametrize(
    "changes", [{}, {"category_id": None}, {"images": None}, {"variants": VARIANTS}, {"stock": None}]
)
def test_shape_is_the_declared_one(changes):
    checked(ProductOutput(), product_to_dict(row(**changes)))


def test_stock_and_price_of_a_simple_product():
    card = product_to_dict(row())
    assert (card["price"], card["stock"], card["in_stock"], card["rating"]) == ("12.34", 5, True, 4.33)


def test_variants_add_up_and_inherit_the_price():
    card = product_to_dict(row(variants=VARIANTS, stock=None))
    assert [variant["price"] for variant in card["variants"]] == ["12.34", "6.50"]
    assert (card["stock"], card["in_stock"]) == (4, True)


def test_neither_stock_nor_variants_is_nothing_to_sell():
    card = product_to_dict(row(stock=None))
    assert (card["stock"], card["in_stock"]) == (0, False)


def test_image_urls_are_absolute_and_quoted():
    assert image_url("products/7/a b.png") == "http://127.0.0.1:8000/media/products/7/a%20b.png"

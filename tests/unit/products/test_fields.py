"""Strict input: what looks like the right type is not."""

import pytest
from rest_framework.serializers import ValidationError

from apps.products.api.fields import (
    AttributesField,
    ProductSlugField,
    SkuField,
    StockField,
    TagField,
    TextField,
)


@pytest.mark.parametrize("value", ["red", 1, 1.5, True, False, 0, -3])
def test_attributes_are_scalars(value):
    assert AttributesField().run_validation({"colour": value}) == {"colour": value}


@pytest.mark.parametrize(
    "value",
    [
        [],
        "red",
        None,
        {"a": []},
        {"a": {}},
        {"a": None},
        {"": "x"},
        {"x" * 101: "x"},
        {"a": "x" * 501},
        {"a": float("inf")},
        {"a": 2**63},
        {str(n): n for n in range(51)},
    ],
    ids=lambda value: repr(value)[:30],
)
def test_other_attributes_are_refused(value):
    with pytest.raises(ValidationError):
        AttributesField().run_validation(value)


@pytest.mark.parametrize("value", [-1, 1.0, 1.5, True, "5", None, [], 10**10])
def test_stock_is_a_whole_number(value):
    with pytest.raises(ValidationError):
        StockField().run_validation(value)


@pytest.mark.parametrize("value", ["", " ", "a\nb", "x" * 65, "<b>", 5, None, ["a"]])
def test_bad_skus(value):
    with pytest.raises(ValidationError):
        SkuField().run_validation(value)


@pytest.mark.parametrize("value", ["12", "reviews", "a b", "ä", "", 5])
def test_bad_slugs(value):
    with pytest.raises(ValidationError):
        ProductSlugField().run_validation(value)


@pytest.mark.parametrize("value", ["", "!!!", "<b></b>", "x" * 61, 5])
def test_bad_tags(value):
    with pytest.raises(ValidationError):
        TagField().run_validation(value)


def test_text_that_is_only_markup_is_empty():
    with pytest.raises(ValidationError):
        TextField().run_validation("<b></b>")
    assert TextField(allow_blank=True).run_validation("<b></b>") == ""
    assert TextField(max_length=4).run_validation("<i>four</i>") == "four"

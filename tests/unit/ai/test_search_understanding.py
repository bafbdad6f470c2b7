"""What becomes a filter, and what stays a word."""

from decimal import Decimal

import pytest

from semantic_search.understanding import understood

VALUES = {"colour": {"blue": "Blue", "red": "Red"}, "size": {"l": "L", "10": "10"}}


@pytest.mark.parametrize(
    ("text", "rest", "low", "high"),
    [
        ("red mug under £5", "red mug", None, "5"),
        ("mug below 7.50", "mug", None, "7.50"),
        ("mugs cheaper than 10 pounds", "mugs", None, "10"),
        ("mug up to 5 euros", "mug", None, "5"),
        ("mug over £3 and under £9", "mug and", "3", "9"),
        ("lamp between 20 and 10 pounds", "lamp", "10", "20"),
        ("lamp from £10 to £20", "lamp", "10", "20"),
        ("at least $40 umbrella", "umbrella", "40", None),
        ("gifts less than 10", "gifts", None, "10"),
        ("Under £ 5 candles", "candles", None, "5"),
    ],
)
def test_prices_become_limits(text, rest, low, high):
    said = understood(text, values={})
    assert (said.text, said.min_price, said.max_price) == (
        rest, low and Decimal(low), high and Decimal(high)
    )  # fmt: skip
    assert said.reasons


@pytest.mark.parametrize(
    "text",
    [
        "poster from 1950", "set of 6 mugs", "under the sea 3 puzzle", "up to 12 months babygrow",
        "under 5 years puzzle",
        "over 18s game", "led lamp under 60w", "ruler at most 30 cm", "under £5", "between 2 and 4 years jigsaw",
        "50 pound note tea towel", "£10 gift voucher",
    ],
)  # fmt: skip
def test_other_numbers_are_words(text):
    assert understood(text, values={}) == understood(text, values={}).__class__(text)


def test_stock_and_known_attributes_become_filters():
    said = understood("blue colour shirt size l in stock", values=VALUES)
    assert (said.text, said.attributes, said.in_stock) == ("shirt", {"colour": "Blue", "size": "L"}, True)
    assert set(said.reasons) == {"only what is in stock", "colour is Blue", "size is L"}


def test_unknown_values_and_bare_values_are_words():
    assert understood("green colour shirt", values=VALUES).attributes == {}
    assert understood("blue shirt", values=VALUES).text == "blue shirt"


@pytest.mark.parametrize(
    "text", ["", "((((", "£££ under", "under £99999999999999", "a" * 200, "colour: " * 20]
)
def test_nonsense_is_left_alone(text):
    assert understood(text, values=VALUES).text.split() == text.split()

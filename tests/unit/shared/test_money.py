"""Money at the edge."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshop_shared.money import MAX_MINOR, Money, decimal_to_minor, minor_to_decimal_string, round_minor


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1234, "GBP", "12.34"),
        (5, "GBP", "0.05"),
        (-5, "EUR", "-0.05"),
        (7, "JPY", "7"),
        (1234, "KWD", "1.234"),
    ],
)
def test_format_and_parse(minor: int, currency: str, text: str) -> None:
    assert minor_to_decimal_string(minor, currency) == text
    assert decimal_to_minor(text, currency) == minor


@pytest.mark.parametrize("text", ["", "abc", "NaN", "Infinity", "-Infinity", "1.001", "1e30", "0x1", None])
def test_parse_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimal places"):
        decimal_to_minor(text, "GBP")


@given(minor=st.integers(-MAX_MINOR, MAX_MINOR), currency=st.sampled_from(["GBP", "JPY", "KWD"]))
def test_round_trip(minor: int, currency: str) -> None:
    assert decimal_to_minor(minor_to_decimal_string(minor, currency), currency) == minor


def test_half_rounds_up_as_on_invoices() -> None:
    assert [round_minor(Decimal(text)) for text in ("0.5", "1.5", "2.49", "-0.5")] == [1, 2, 2, -1]


def test_currencies_do_not_mix() -> None:
    with pytest.raises(ValueError, match="Cannot combine"):
        Money(1, "GBP") + Money(1, "EUR")
    assert str(Money.parse("1.50", "GBP") * 3 - Money(50, "GBP")) == "4.00"

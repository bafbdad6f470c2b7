"""What an order costs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.orders.totals import PriceRules, Totals, totals_compute

RULES = PriceRules(Decimal("4.95"), Decimal("50"), Decimal("0.2"))


@pytest.mark.parametrize(
    ("subtotal", "expected"),
    [
        (1000, Totals(1000, 495, 200, 0, 1695)),
        (4999, Totals(4999, 495, 1000, 0, 6494)),
        (5000, Totals(5000, 0, 1000, 0, 6000)),
        (0, Totals(0, 495, 0, 0, 495)),
    ],
)
def test_shipping_and_tax(subtotal: int, expected: Totals) -> None:
    assert totals_compute(subtotal=subtotal, currency="GBP", rules=RULES) == expected


@given(
    subtotal=st.integers(0, 10**12),
    rate=st.decimals(0, 1, places=4),
    flat=st.decimals(0, 100, places=2),
)
def test_total_always_adds_up(subtotal: int, rate: Decimal, flat: Decimal) -> None:
    totals = totals_compute(subtotal=subtotal, currency="GBP", rules=PriceRules(flat, Decimal(50), rate))
    assert totals.total == totals.subtotal + totals.shipping + totals.tax - totals.discount
    assert abs(totals.tax - subtotal * rate) <= Decimal("0.5")

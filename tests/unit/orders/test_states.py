"""The transition table."""

import pytest

from apps.orders.models import Order
from apps.orders.states import TRANSITIONS, transition_allowed

PATHS = {
    ("pending", "processing"),
    ("pending", "cancelled"),
    ("processing", "shipped"),
    ("processing", "cancelled"),
    ("shipped", "delivered"),
}


@pytest.mark.parametrize("source", Order.Status.values)
@pytest.mark.parametrize("target", Order.Status.values)
def test_only_the_documented_moves_are_allowed(source: str, target: str) -> None:
    assert transition_allowed(source, target) is ((source, target) in PATHS)


def test_every_status_has_a_row() -> None:
    assert set(TRANSITIONS) == set(Order.Status.values)

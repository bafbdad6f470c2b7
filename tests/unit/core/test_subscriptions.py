"""Who gets which event."""

import pytest

from apps.core.subscriptions import Subscription, subscription_named, subscriptions_for

ORDERS = Subscription("orders", ("order.*",), "default", "x")
PAID = Subscription("paid", ("order.paid", "payment.succeeded"), "email", "x")


@pytest.mark.parametrize(
    ("type", "wanted"),
    [
        ("order.paid", [ORDERS, PAID]),
        ("order.placed", [ORDERS]),
        ("payment.succeeded", [PAID]),
        ("orders.paid", []),
        ("reorder.paid", []),
        ("ORDER.PAID", []),
    ],
)
def test_patterns(type, wanted):
    assert subscriptions_for(type, (ORDERS, PAID)) == wanted


def test_an_unknown_consumer_is_named():
    with pytest.raises(LookupError, match="nobody"):
        subscription_named("nobody", (ORDERS, PAID))

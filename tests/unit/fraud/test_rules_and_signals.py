"""What the backend says of an order alone, and how it names people without naming them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.fraud.rules import MANY, fallback_assess
from apps.fraud.signals import network_of, order_signals

ADDRESS = {"full_name": "Ada", "line1": "1 Main  St", "city": "London", "postal_code": "N1", "country": "GB"}


@given(amount=st.decimals(0, 10_000, places=2), recent=st.integers(0, 20))
def test_large_and_many_go_to_the_queue_and_nothing_is_held(amount, recent):
    found = fallback_assess(amount=amount, review_from=Decimal(500), recent=recent)
    assert found.action == ("review" if amount >= 500 or recent + 1 >= MANY else "accept")
    assert found.reasons
    assert all(reason["text"] for reason in found.reasons)


def test_reasons_carry_numbers():
    found = fallback_assess(amount=Decimal("700"), review_from=Decimal(500), recent=6)
    assert [reason["text"] for reason in found.reasons] == [
        "The amount of 700.00 is at least 500.00, from which somebody looks.",
        "This is the customer's order number 7 within 24 hours.",
    ]


def test_signals_are_digests_and_the_same_for_the_same_place():
    one = order_signals(user_id=7, address=ADDRESS, ip="203.0.113.9", card="fp_1")
    other = order_signals(user_id=8, address={**ADDRESS, "line1": "1 main st"}, ip="203.0.113.9", card="fp_1")
    assert set(one) == {"user", "address", "ip", "card"}
    assert one["user"] != other["user"]
    assert [one[kind] for kind in ("address", "ip", "card")] == [
        other[kind] for kind in ("address", "ip", "card")
    ]
    assert all(len(digest) == 32 and int(digest, 16) >= 0 for digest in one.values())
    assert "203.0.113.9" not in str(one)


def test_what_is_not_known_is_no_signal():
    assert order_signals(user_id=None, address={}, ip="nonsense", card=None) == {}


def test_a_household_has_one_network():
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network_of("203.0.113.9") == "203.0.113.9"

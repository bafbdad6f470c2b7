"""What prices were, and the lowest of thirty days."""

from datetime import UTC, datetime, timedelta

from apps.pricing.history import lowest_price, prices_between

NOW = datetime(2026, 5, 31, 12, tzinfo=UTC)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_prices_in_force_within_a_time():
    entries = [(ago(50), 10), (ago(20), 8), (ago(0.5), 9)]
    assert prices_between(entries, ago(1), NOW) == [8, 9]
    assert prices_between(entries, ago(30), NOW) == [10, 8, 9]
    assert prices_between(entries, ago(60), ago(55)) == []


def test_the_lowest_price_is_that_before_the_present_one_began():
    assert lowest_price([(ago(100), 10)], current=10) == 10
    assert lowest_price([(ago(100), 10), (ago(5), 8)], current=8) == 10
    assert lowest_price([(ago(100), 10), (ago(20), 7), (ago(10), 10), (ago(1), 8)], current=8) == 7
    assert lowest_price([(ago(100), 5), (ago(60), 10), (ago(1), 8)], current=8) == 10
    assert lowest_price([(ago(40), 5), (ago(20), 10), (ago(1), 8)], current=8) == 5


def test_the_same_price_again_is_no_new_one():
    assert lowest_price([(ago(100), 10), (ago(40), 8), (ago(5), 8)], current=8) == 10
    assert lowest_price([], current=8) == 8

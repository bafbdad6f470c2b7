"""Whatever is wanted, what comes out keeps every limit or is the price in force. Property tests."""

import math

from hypothesis import given
from hypothesis import strategies as st

from meshop_shared.price_guards import PriceLimits, price_guard, price_range, price_violations

PRICES = st.integers(1, 10**7)
WANTED = st.one_of(st.floats(-1e12, 1e12), st.sampled_from([math.inf, -math.inf, math.nan]))


@st.composite
def limits(draw: st.DrawFn) -> PriceLimits:
    floor = draw(PRICES)
    of = draw(st.sampled_from([1, 10, 100]))
    return PriceLimits(
        floor=floor,
        cap=draw(st.integers(floor, 10**7 + floor)),
        step=draw(st.floats(0.001, 1)),
        ending=(draw(st.integers(0, of - 1)), of),
        frozen=draw(st.booleans()),
    )


@st.composite
def cases(draw: st.DrawFn) -> tuple[tuple[int, ...], PriceLimits]:
    """Limits, and prices of a day that are often within them."""
    found = draw(limits())
    near = st.integers(found.floor, found.cap)
    return tuple(draw(st.lists(st.one_of(near, PRICES), min_size=1, max_size=5))), found


@given(case=cases(), wanted=WANTED)
def test_no_limit_is_ever_broken(case, wanted):
    recent, found = case
    price = price_guard(wanted, recent=recent, limits=found).price
    assert price_violations(price, recent=recent, limits=found) == []


@given(case=cases(), wanted=WANTED)
def test_a_changed_price_is_within_floor_cap_step_and_rounded(case, wanted):
    recent, found = case
    price = price_guard(wanted, recent=recent, limits=found).price
    if price != recent[-1]:
        assert found.floor <= price <= found.cap
        assert max(recent) * (1 - found.step) - 1e-6 <= price <= min(recent) * (1 + found.step) + 1e-6
        assert price % found.ending[1] == found.ending[0]
        assert not found.frozen


@given(case=cases(), wanted=WANTED)
def test_frozen_prices_stay(case, wanted):
    recent, found = case
    frozen = PriceLimits(found.floor, found.cap, found.step, found.ending, frozen=True)
    assert price_guard(wanted, recent=recent, limits=frozen).price == recent[-1]


@given(case=cases(), wanted=st.floats(0, 1e8))
def test_guarding_again_changes_nothing(case, wanted):
    recent, found = case
    once = price_guard(wanted, recent=recent, limits=found).price
    assert price_guard(once, recent=recent, limits=found).price in (once, recent[-1])


@given(case=cases(), low=st.floats(0, 1e8), high=st.floats(0, 1e8))
def test_a_higher_wish_never_gives_a_lower_price(case, low, high):
    recent, found = case
    if found.floor <= recent[-1] <= found.cap and not found.frozen:
        first = price_guard(min(low, high), recent=recent, limits=found)
        second = price_guard(max(low, high), recent=recent, limits=found)
        if "no_round_price" not in (*first.hits, *second.hits):
            assert first.price <= second.price


@given(prices=st.lists(PRICES, min_size=1, max_size=6), found=limits())
def test_many_changes_in_a_day_are_one_step(prices, found):
    """A program that asks again and again stays within one step of every price of the day."""
    free = PriceLimits(1, 10**9, found.step, (0, 1))
    recent = [prices[0]]
    for wanted in prices:
        recent.append(price_guard(wanted, recent=recent, limits=free).price)
    for place, later in enumerate(recent):
        for earlier in recent[:place]:
            assert earlier * (1 - found.step) - 1e-6 <= later <= earlier * (1 + found.step) + 1e-6


@given(case=cases())
def test_the_range_is_what_the_check_allows(case):
    recent, found = case
    low, high = price_range(recent=recent, limits=found)
    loose = PriceLimits(found.floor, found.cap, found.step, (0, 1))
    for price in (low, high):
        if low <= high and price != recent[-1]:
            assert price_violations(price, recent=recent, limits=loose) == []
    for price in (low - 1, high + 1):
        if price > 0 and price != recent[-1]:
            assert price_violations(price, recent=recent, limits=loose)


def test_what_limited_a_price_is_told():
    limits = PriceLimits(floor=800, cap=1200, step=0.1)
    assert price_guard(5_000, recent=(1_000,), limits=limits).hits == ("step",)
    assert price_guard(5_000, recent=(1_150,), limits=limits).hits == ("cap",)
    assert price_guard(1, recent=(850,), limits=limits).hits == ("floor",)
    assert price_guard(1, recent=(2_000,), limits=limits).hits == ("outside_limits",)
    assert price_guard(1_050, recent=(1_000,), limits=limits).price == 1_049
    assert price_violations(1_300, recent=(1_000,), limits=limits) == ["cap", "step", "rounding"]

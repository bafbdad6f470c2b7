"""Refund arithmetic: every share is whole, all shares add up, and nothing is ever returned twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.payments.amounts import (
    Line,
    Shares,
    allocate,
    line_shares,
    returned_shares,
    units_shares,
)

AMOUNTS = st.integers(0, 10**9)
WEIGHTS = st.lists(st.integers(0, 10**7), min_size=1, max_size=20)


@given(AMOUNTS, WEIGHTS)
def test_parts_add_up_and_are_within_one_of_their_exact_share(total, weights):
    parts = allocate(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * whole - total * weight) < whole
            assert part == 0 or weight > 0


def test_largest_remainders_get_the_rest():
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(10, [3, 3, 4]) == [3, 3, 4]
    assert allocate(1, [1, 2, 1]) == [0, 1, 0]
    assert allocate(5, [0, 0]) == [3, 2]
    with pytest.raises(ValueError, match="nothing to split"):
        allocate(1, [])


@st.composite
def orders(draw):
    """An order's lines with shipping, tax and a discount of at most the goods."""
    prices = draw(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 50_000)), min_size=1, max_size=8))
    lines = [Line(index, quantity, quantity * price) for index, (quantity, price) in enumerate(prices, 1)]
    subtotal = sum(line.total for line in lines)
    discount = draw(st.integers(0, subtotal))
    return lines, discount, draw(st.integers(0, 5_000)), draw(st.integers(0, 20_000))


@given(orders(), st.data())
def test_returning_every_unit_in_any_steps_returns_exactly_the_total(order, data):
    lines, discount, shipping, tax = order
    wholes = line_shares(lines, discount=discount, shipping=shipping, tax=tax)
    before, paid = dict.fromkeys(wholes, 0), dict.fromkeys(wholes, Shares())
    steps = data.draw(st.permutations([line for line in lines for _ in range(line.quantity)]))
    for line in steps:
        part = units_shares(
            wholes[line.id], quantity=line.quantity, units=1, before=before[line.id], paid=paid[line.id]
        )
        assert part.all_positive
        paid[line.id] += part
        before[line.id] += 1
    goods = sum(line.total for line in lines) - discount
    assert sum(paid.values(), Shares()) == Shares(goods, shipping, tax)


@given(st.integers(1, 8), st.integers(0, 200), st.data())
def test_returns_that_failed_and_were_made_again_never_exceed_the_line(quantity, amount, data):
    standing: list[int] = []
    for fails in data.draw(st.lists(st.booleans(), max_size=30)):
        if fails and standing:
            standing.pop(data.draw(st.integers(0, len(standing) - 1)))
        elif len(standing) < quantity:
            paid = Shares(sum(standing))
            one = units_shares(Shares(amount), quantity=quantity, units=1, before=len(standing), paid=paid)
            standing.append(one.goods)
        assert sum(standing) <= amount
        assert all(goods >= 0 for goods in standing)
        if len(standing) == quantity:
            assert sum(standing) == amount


@given(st.integers(1, 50), AMOUNTS, st.data())
def test_units_of_a_line_are_within_one_penny_of_each_other(quantity, amount, data):
    before = data.draw(st.integers(0, quantity - 1))
    paid = Shares(amount * before // quantity)
    one = units_shares(Shares(amount), quantity=quantity, units=1, before=before, paid=paid)
    assert one.goods in (amount // quantity, -(-amount // quantity))


def test_more_units_than_the_line_has():
    with pytest.raises(ValueError, match="More units"):
        units_shares(Shares(10), quantity=2, units=2, before=1, paid=Shares(5))


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.data())
def test_what_was_returned_takes_no_more_of_a_share_than_there_is(goods, shipping, tax, data):
    whole = Shares(goods, shipping, tax)
    by_lines = Shares(*(data.draw(st.integers(0, part)) for part in (goods, shipping, tax)))
    by_amount = data.draw(st.integers(0, (whole - by_lines).total))
    returned = returned_shares(whole, by_lines=by_lines, by_amount=by_amount)
    assert returned.total == by_lines.total + by_amount
    assert (whole - returned).all_positive
    assert (returned - by_lines).all_positive


def test_amounts_are_split_like_the_order():
    whole = Shares(goods=2_000, shipping=495, tax=400)
    assert returned_shares(whole, by_lines=Shares(), by_amount=2_895) == whole
    assert returned_shares(whole, by_lines=Shares(), by_amount=1_000) == Shares(691, 171, 138)
    assert returned_shares(whole, by_lines=Shares(1_000, 248, 200), by_amount=0) == Shares(1_000, 248, 200)

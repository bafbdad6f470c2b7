"""The state is the greatest observation, so the order of arrival cannot matter."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.payments.states import (
    OPEN,
    PAYMENT_RANK,
    REFUND_RANK,
    Observation,
    PaymentStatus,
    RefundStatus,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def settle(ranks, observations):
    known = Observation(next(iter(ranks)), START)
    for status, seconds, code in observations:
        seen = Observation(status, START + timedelta(seconds=seconds), code)
        known = seen if seen.supersedes(known, ranks) else known
    return known


@pytest.mark.parametrize("ranks", [PAYMENT_RANK, REFUND_RANK], ids=["payment", "refund"])
@given(data=st.data())
def test_any_order_and_repetition_ends_in_the_same_state(ranks, data):
    one = st.tuples(st.sampled_from(sorted(ranks)), st.integers(0, 5), st.sampled_from(["", "a", "b"]))
    observations = data.draw(st.lists(one, min_size=1, max_size=5))
    ends = {settle(ranks, list(order) + list(order)) for order in permutations(observations)}
    assert len(ends) == 1


def test_every_status_has_a_rank():
    assert set(PAYMENT_RANK) == set(PaymentStatus)
    assert set(REFUND_RANK) == set(RefundStatus)


def test_received_money_outranks_everything_and_ended_payments_do_not_open_again():
    assert all(PAYMENT_RANK[s] < PAYMENT_RANK["succeeded"] for s in PaymentStatus if s != "succeeded")
    ended = set(PaymentStatus) - set(OPEN)
    assert max(PAYMENT_RANK[s] for s in OPEN) < min(PAYMENT_RANK[s] for s in ended)


def test_a_refund_that_came_back_has_failed():
    assert settle(REFUND_RANK, [("failed", 9, "x"), ("succeeded", 1, "")]).status == "failed"

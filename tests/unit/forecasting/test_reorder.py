import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.forecasting.reorder import Outlook, Terms, proposal_of

LEVELS = (0.5, 0.9, 0.99)


def outlook(pace: float = 7, weeks: int = 4) -> Outlook:
    """Needs are the pace, a third more and twice as much."""
    needs = [[pace * (week + 1) * part for part in (1, 4 / 3, 2)] for week in range(weeks)]
    return Outlook([pace] * weeks, needs, LEVELS)


def terms(**changes) -> Terms:
    return Terms(
        **({"lead_time_days": 7, "review_days": 7, "service_level": 0.9, "cover_days": 14} | changes)
    )


def test_an_order_fills_up_to_what_suffices_and_the_days_it_covers():
    proposal = proposal_of(available=10, outlook=outlook(7.5), terms=terms())
    assert proposal.reorder_point == 20  # 15 in two weeks, a third more for 90 %
    assert proposal.order_up_to == 35
    assert proposal.quantity == 25
    assert proposal.safety_stock == 5
    assert proposal.days_left == pytest.approx(9.3)
    assert "10 can be sold; at 7.5 a week they last 9 days." in proposal.reasons
    assert "20 are needed to last that long with 90% certainty" in proposal.reasons[1]


def test_nothing_is_proposed_above_the_reorder_point():
    assert proposal_of(available=21, outlook=outlook(7.5), terms=terms()) is None
    assert proposal_of(available=20, outlook=outlook(7.5), terms=terms()) is not None


def test_nothing_is_proposed_for_what_nobody_buys():
    assert proposal_of(available=0, outlook=outlook(0), terms=terms()) is None


def test_the_supplier_sells_no_fewer_and_whole_packs_only():
    assert proposal_of(available=10, outlook=outlook(7.5), terms=terms(minimum_quantity=60)).quantity == 60
    packed = proposal_of(available=10, outlook=outlook(7.5), terms=terms(pack_size=24))
    assert packed.quantity == 48
    assert "in packs of 24" in packed.reasons[-1]
    both = proposal_of(available=10, outlook=outlook(7.5), terms=terms(pack_size=24, minimum_quantity=49))
    assert both.quantity == 72


def test_sold_out_is_said():
    proposal = proposal_of(available=0, outlook=outlook(), terms=terms())
    assert proposal.reasons[0].startswith("It is sold out")
    assert proposal.days_left == 0


@pytest.mark.parametrize(
    ("days", "level", "expected"), [(7, 0.5, 7), (7, 0.7, 7 * 7 / 6), (10.5, 0.5, 10.5), (42, 0.9, 51.333)]
)
def test_needs_between_known_weeks_and_levels_and_beyond_them(days, level, expected):
    assert outlook().sufficing(days, level=level) == pytest.approx(expected, abs=0.01)


@given(
    available=st.integers(0, 500), pace=st.floats(0, 200), lead=st.integers(0, 120), review=st.integers(1, 30),
    level=st.floats(0.5, 0.99), least=st.integers(1, 500), pack=st.integers(1, 50),
)  # fmt: skip
def test_a_proposal_keeps_its_promises(available, pace, lead, review, level, least, pack):
    asked = Terms(lead, review, level, least, pack)
    proposal = proposal_of(available=available, outlook=outlook(pace, weeks=8), terms=asked)
    if proposal is None:
        return
    assert proposal.quantity >= least
    assert proposal.quantity % pack == 0
    assert available + proposal.quantity >= proposal.order_up_to >= proposal.reorder_point >= available
    assert proposal.safety_stock >= 0
    longer = proposal_of(
        available=available, outlook=outlook(pace, weeks=8), terms=Terms(lead + 7, review, level, least, pack)
    )
    assert longer.reorder_point >= proposal.reorder_point
    surer = proposal_of(
        available=available, outlook=outlook(pace, weeks=8), terms=Terms(lead, review, 0.99, least, pack)
    )
    assert surer.reorder_point >= proposal.reorder_point

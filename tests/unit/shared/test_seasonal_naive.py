from itertools import pairwise

import pytest

from meshop_shared.seasonal_naive import SEASON, needs_expected, weeks_expected


def test_a_year_of_sales_comes_again():
    recent = [float(week) for week in range(SEASON + 10)]
    assert [week.units for week in weeks_expected(recent, weeks=3)] == [10, 11, 12]


def test_without_a_year_the_last_weeks_come_again():
    assert [week.units for week in weeks_expected([90, 2, 4, 6, 8], weeks=2)] == [5, 5]


@pytest.mark.parametrize("recent", [[], [0, 0, 0], [5], [100, 0, 3, 900, 2]])
def test_bands_hold_their_week_and_needs_grow(recent):
    for week in weeks_expected(recent, weeks=4):
        assert 0 <= week.low <= week.units <= week.high
    table = needs_expected(recent, weeks=4, levels=(0.5, 0.9, 0.99))
    for line in table:
        assert line == sorted(line)
    for earlier, later in pairwise(table):
        assert later[-1] >= earlier[-1]


def test_an_erratic_article_needs_more_than_a_steady_one():
    steady, erratic = [10.0] * 13, [0, 0, 40, 0, 0, 30, 0, 10, 50, 0, 0, 40, 0]
    assert (
        needs_expected(erratic, weeks=2, levels=(0.95,))[1][0]
        >= needs_expected(steady, weeks=2, levels=(0.95,))[1][0]
    )

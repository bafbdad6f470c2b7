from datetime import date

import numpy as np
import pytest

from demand_forecasting.demand import Sale, demand_build, online_retail_sales
from demand_forecasting.stockouts import StockChange, Stockouts, corrected

MONDAY = date(2026, 3, 2).toordinal()
HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"


def sale(day: int, quantity: float = 1, sku: str = "A", price: float = 2) -> Sale:
    return Sale(sku, f"Article {sku}", "cups", MONDAY + day, quantity, price)


def test_weeks_end_with_the_last_day_and_the_incomplete_first_one_is_left_out():
    demand = demand_build([sale(0, 100), sale(3, 5), sale(9, 7), sale(16, 1)])
    assert demand.weeks == 2
    assert demand.units.tolist() == [[12, 1]]
    assert demand.last_day == MONDAY + 16
    assert demand.sold.sum() == 13  # the first three days are no whole week


def test_days_without_sales_at_the_end_count_when_the_last_day_is_named():
    demand = demand_build([sale(0, 4)], last_day=MONDAY + 13)
    assert demand.units.tolist() == [[4, 0]]


def test_what_was_sold_after_the_last_day_is_not_known():
    demand = demand_build([sale(0, 4), sale(7, 9)], last_day=MONDAY + 6)
    assert demand.units.tolist() == [[4]]


def test_standing_earlier_shows_nothing_of_later_weeks():
    demand = demand_build([sale(day, day + 1) for day in range(28)])
    past = demand.until(2)
    assert past.units.tolist() == demand.units[:, :2].tolist()
    assert past.last_day == MONDAY + 13


def test_a_large_line_counts_like_a_few_usual_ones_in_what_is_typical():
    demand = demand_build([*(sale(day, 2) for day in range(13)), sale(13, 400)])
    assert demand.units[0].tolist() == [14, 412]
    assert demand.typical[0, 0] == 14
    assert 12 < demand.typical[0, 1] < 60


def test_best_articles_are_chosen_by_what_was_known():
    early, late = [sale(day, 5, "A") for day in range(7)], [sale(day, 50, "B") for day in range(7, 14)]
    demand = demand_build([*early, *late])
    assert [demand.skus[row] for row in demand.best(2, before=1)] == ["A"]
    assert [demand.skus[row] for row in demand.best(2, before=2)] == ["B", "A"]


def test_groups_are_sums_of_their_articles():
    demand = demand_build([sale(day, 1, sku) for day in range(14) for sku in "ABC"])
    whole = demand.grouped(np.array([0, 1, 0]), ("x", "y"))
    assert whole.units.tolist() == [[14, 14], [7, 7]]


def test_the_digest_changes_with_any_sale():
    sales = [sale(day) for day in range(7)]
    assert demand_build(sales).digest() == demand_build(sales).digest()
    assert demand_build(sales).digest() != demand_build([*sales, sale(6)]).digest()


def test_online_retail_has_goods_and_no_returns_postage_or_gifts(tmp_path):
    path = tmp_path / "lines.csv"
    path.write_text(
        HEADER + "1,85123a ,CUP,6,2010-01-04 08:26:00,2.55,17850,UK\n"
        "C2,85123A,CUP,-6,2010-01-05 08:26:00,2.55,17850,UK\n"
        "3,POST,POSTAGE,1,2010-01-05 08:26:00,18,17850,UK\n"
        "4,85123A,CUP,2,2010-01-05 08:26:00,0,,UK\n"
    )
    found = list(online_retail_sales(path))
    assert [(one.sku, one.quantity) for one in found] == [("85123A", 6)]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], [0, 0]),
        ([(0, 10), (3, -10)], [3, 7]),  # days 4, 5, 6; on day 3 itself something was sold
        ([(0, 10), (3, -10), (8, 5)], [3, 1]),
        ([(0, 10), (3, -4)], [0, 0]),
    ],
)
def test_days_without_stock(changes, expected):
    stockouts = Stockouts(StockChange("A", MONDAY + day, quantity) for day, quantity in changes)
    assert stockouts.days(("A", "other"), start=MONDAY, weeks=2).tolist() == [expected, [0, 0]]


def test_a_week_with_days_without_stock_is_filled_from_its_other_days():
    sold, missing = np.array([[14.0, 14, 6, 0, 14]]), np.array([[0.0, 0, 4, 7, 0]])
    units = corrected(sold, missing=missing, first=np.array([0]))
    assert units[0, 2] == pytest.approx(14)
    assert units[0, 3] == pytest.approx(14)
    assert units[0, [0, 1, 4]].tolist() == [14, 14, 14]


def test_correction_never_takes_sales_away_and_invents_none_before_the_first():
    chance = np.random.default_rng(1)
    sold, missing = chance.poisson(3, (50, 20)).astype(float), chance.integers(0, 8, (50, 20)).astype(float)
    first = np.where(sold.any(1), (sold > 0).argmax(1), 20)
    units = corrected(sold, missing=missing, first=first)
    assert (units >= sold).all()
    assert (units[np.arange(20) < first[:, None]] == 0).all()


def test_stock_that_is_always_there_changes_nothing():
    sold = np.array([[3.0, 0, 5]])
    assert corrected(sold, missing=np.zeros((1, 3)), first=np.array([0])) is sold

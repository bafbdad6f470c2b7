"""Forecasts, how sure they are, and what is served, on a little shop."""

import numpy as np
import pytest

from demand_forecasting.backtest import BAND, Rolling, cutoffs_of, report_build
from demand_forecasting.features import known_after
from demand_forecasting.fitting import HORIZON, Forecast
from demand_forecasting.metrics import coverage, intervals, judge
from demand_forecasting.model import LEVELS, Forecaster
from demand_forecasting.publishing import forecaster_fit
from demand_forecasting.reasons import reasons_of
from demand_forecasting.routing import CHAMPION, contest_hold, routed
from demand_forecasting.simple import imapa, median, naive, orders_by_size, ses
from tests.support.shop_demand import CATEGORIES, shop_demand


@pytest.fixture(scope="module")
def demand():
    return shop_demand()


@pytest.fixture(scope="module")
def rolling(demand):
    return Rolling(demand, seed=1)


@pytest.fixture(scope="module")
def report(demand, rolling):
    cutoffs = cutoffs_of(demand, count=3)
    return report_build(demand, articles=demand.best(50, before=cutoffs[0]), cutoffs=cutoffs, rolling=rolling)


@pytest.fixture(scope="module")
def forecaster(demand, rolling):
    return forecaster_fit(demand, rolling=rolling, route=False)


def test_features_know_nothing_of_later_weeks(demand):
    changed = demand.until(20)
    later = demand.units.copy()
    later[:, 20:] += 1_000
    seen = known_after(shop_demand(weeks=34).until(20))
    assert np.array_equal(seen.values, known_after(changed).values)
    assert np.isfinite(seen.values).all()
    assert (seen.level > 0).all()


def test_a_forecast_knows_nothing_of_later_weeks(demand):
    """The same past with another future makes the same forecast, whatever else was computed."""
    alone = Rolling(demand.until(26), seed=1).at(26)
    assert np.array_equal(Rolling(demand, seed=1).at(26).units, alone.units)


def test_the_same_seed_gives_the_same_bytes(demand, forecaster):
    again = forecaster_fit(demand, rolling=Rolling(demand, seed=1), route=False)
    assert again.dumps() == forecaster.dumps()


def test_it_comes_back_from_its_bytes(forecaster):
    back = Forecaster.loads(forecaster.dumps())
    assert back.dumps() == forecaster.dumps()
    assert back.articles.rows == forecaster.articles.rows


def test_it_beats_what_it_has_to_beat(report):
    own = report.judged["ensemble"].figures()
    for baseline in ("naive", "ses", "imapa"):
        assert own["mase"] < report.judged[baseline].figures()["mase"], baseline
    assert abs(own["bias"]) < 0.1


def test_bands_hold_about_what_they_promise(report):
    assert 0.7 <= np.mean(report.coverage) <= 0.9


def test_weeks_are_never_negative_and_lie_in_their_band(forecaster):
    rows = np.arange(len(forecaster.articles.keys))
    units, low, high = np.moveaxis(forecaster.articles.ahead(rows, weeks=8, band=BAND), 2, 0)
    assert (low >= 0).all()
    assert ((low <= units) & (units <= high)).all()


def test_needs_grow_with_time_and_with_the_service_level(forecaster):
    for series in (forecaster.articles, forecaster.categories):
        table = series.need(np.arange(len(series.keys)), weeks=8)
        assert table.shape == (len(series.keys), 8, len(LEVELS))
        assert (np.diff(table, axis=1) >= 0).all()
        assert (np.diff(table, axis=2) >= 0).all()


def test_a_category_is_the_sum_of_its_articles(forecaster, demand):
    assert sorted(forecaster.categories.rows) == sorted(CATEGORIES)
    for name, row in forecaster.categories.rows.items():
        mine = [at for at, category in enumerate(demand.categories) if category == name]
        assert forecaster.categories.units[row] == pytest.approx(
            forecaster.articles.units[mine].sum(), abs=0.01
        )


def test_every_article_says_why(forecaster):
    for row in range(len(forecaster.articles.keys)):
        said = reasons_of(forecaster.articles, row)
        assert said[0].startswith("It sold ")
        assert all(sentence.endswith(".") for sentence in said)


def test_simple_methods_on_a_series_known_by_heart():
    demand = shop_demand(articles=3, weeks=10)
    units = np.array([[0, 4, 4, 4, 4, 4, 4, 4, 4, 4], [0, 0, 8, 0, 0, 8, 0, 0, 8, 0], [0] * 10], float)
    known = type(demand)(**{**demand.__dict__, "units": units, "first": np.array([1, 2, 10])})
    assert naive(known).tolist() == [4, 0, 0]
    assert median(known).tolist() == [4, 0, 0]
    assert ses(known)[0] == 4
    assert ses(known)[2] == 0
    assert imapa(known)[0] == pytest.approx(4)
    assert 1.5 < imapa(known)[1] < 4
    assert imapa(known)[2] == 0


def test_simple_methods_say_what_statsforecast_says():
    """SimpleExponentialSmoothing(0.2) and IMAPA of statsforecast 2.1.1 on these two series."""
    demand = shop_demand(articles=2, weeks=16)
    units = np.array(
        [
            [12, 0, 5, 9, 14, 7, 0, 0, 11, 8, 6, 10, 13, 4, 0, 9],
            [3, 0, 0, 4, 0, 0, 0, 6, 0, 2, 0, 0, 5, 0, 0, 1],
        ],
        float,
    )
    known = type(demand)(**{**demand.__dict__, "units": units, "first": np.array([0, 0])})
    assert ses(known) == pytest.approx([6.72814497, 1.17871289])
    assert imapa(known) == pytest.approx([6.73331926, 1.33176033], rel=0.005)


def test_a_shop_without_categories_is_forecast_too():
    demand = shop_demand(articles=40, weeks=26)
    bare = type(demand)(**{**demand.__dict__, "categories": ("",) * len(demand.skus)})
    made = forecaster_fit(bare, rolling=Rolling(bare, seed=1), route=False)
    back = Forecaster.loads(made.dumps())
    assert back.categories.rows == {}
    assert len(back.articles.rows) == len(demand.skus)


def test_one_large_order_moves_the_count_of_orders_little():
    demand = shop_demand(articles=5, weeks=30)
    units, lines = demand.units.copy(), demand.lines.copy()
    units[0, -1] += 5_000
    lines[0, -1] += 1
    spiked = type(demand)(**{**demand.__dict__, "units": units, "lines": lines})
    assert orders_by_size(spiked)[0] < 0.5 * ses(spiked)[0]


def test_figures_of_a_forecast_that_is_known_by_heart(demand):
    articles, week = np.arange(20), 26
    came = demand.units[articles, week : week + HORIZON]
    perfect = judge(demand, {week: came}, articles=articles)
    assert perfect.figures() == {"mase": 0, "wrmsse": 0, "bias": 0}
    double = judge(demand, {week: 2 * came}, articles=articles)
    assert double.figures()["bias"] == pytest.approx(1)
    assert coverage(demand, {week: (came, came)}, articles=articles) == [1]
    assert coverage(demand, {week: (came + 1, came + 2)}, articles=articles) == [0]


def test_an_interval_holds_its_figure_and_a_method_is_as_good_as_itself(report):
    own = report.judged["ensemble"]
    found = intervals(own, samples=100)
    for name, value in own.figures().items():
        assert found[name].low <= value <= found[name].high
    assert intervals(own, against=own, samples=20)["mase"].high == pytest.approx(1)


def forecast_of(units: list[float], **members: list[float]) -> Forecast:
    return Forecast(
        np.array(units), np.array(units), {name: np.array(values) for name, values in members.items()}
    )


def test_a_challenger_takes_over_only_what_it_won_every_time_and_clearly():
    came = np.full((3, HORIZON), 10.0)
    first = forecast_of([20, 20, 11], ses=[10, 10, 10])
    unlucky = forecast_of([20, 10, 11], ses=[10, 20, 11])
    contest = contest_hold([(first, came), (first, came), (unlucky, came)])
    assert contest.won.tolist() == [True, False, False]
    assert routed(first, contest).tolist() == [10, 20, 11]


def test_two_origins_are_too_few_for_a_challenger():
    came = np.full((1, HORIZON), 10.0)
    once = forecast_of([20], ses=[10])
    assert contest_hold([(once, came)] * 2).won.tolist() == [False]
    assert contest_hold([(once, came)] * 3).won.tolist() == [True]


def test_a_routed_article_names_its_new_champion(demand, rolling, forecaster):
    served = forecaster_fit(demand, rolling=rolling, route=True)
    won = contest_hold(rolling.contest(demand.weeks)).won
    assert (served.articles.champion[won] != CHAMPION).all()
    assert (served.articles.challenger[won] == CHAMPION).all()
    assert (forecaster.articles.champion == CHAMPION).all()

"""Demand, choice, the model and off-policy estimates, where the truth is known."""

import numpy as np
import pytest

from dynamic_pricing.choosing import Belief, Situation, choice_shares, margins, price_choose, price_grid
from dynamic_pricing.demand import Sales, demand_fit
from dynamic_pricing.evaluation import Fixed, Learner, Oracle, beliefs_of, limits_of, run
from dynamic_pricing.history import history_build
from dynamic_pricing.model import UNKNOWN, PricingModel
from dynamic_pricing.ope import Decision, estimates
from dynamic_pricing.simulator import REGIMES, Market
from meshop_shared.price_guards import PriceLimits, price_violations

LIMITS = PriceLimits(floor=600, cap=2_000)


def sales_make(
    elasticities, *, days: int = 80, scale: float = 20.0, seed: int = 1, stock: float = np.inf
) -> Sales:
    """Log-log demand at prices that move by a tenth."""
    rng = np.random.default_rng(seed)
    articles = len(elasticities)
    prices = np.round(1_000 * np.exp(rng.normal(0, 0.12, (days, articles))))
    prices[-1] = 1_000
    wanted = rng.poisson(scale * (prices / 1_000) ** -np.asarray(elasticities))
    units = np.minimum(wanted, stock)
    return Sales(
        units.astype(float),
        prices,
        np.ones((days, articles), bool),
        (units >= stock),
        np.zeros(articles, np.int64),
    )


def belief(elasticity: float = 2.0, *, units: float = 10.0, sd: float = 0.01) -> Belief:
    return Belief(1_000.0, (float(np.log(units)), elasticity), ((sd**2, 0.0), (0.0, sd**2)))


def situation(**values) -> Situation:
    return Situation(
        **{"recent": (1_009,), "cost": 500, "stock": 1e6, "days": 7.0, "limits": LIMITS, **values}
    )


def test_elasticities_are_found():
    true = [1.5, 2.0, 3.0, 2.5]
    demand = demand_fit(sales_make(true, scale=60))
    assert np.allclose(demand.mean[:, 1], true, atol=0.4)
    assert np.allclose(np.exp(demand.mean[:, 0]), 60, rtol=0.15)


def test_articles_with_few_sales_borrow_from_their_category():
    true = [3.0] * 12
    rich = sales_make(true, scale=60)
    poor = rich.units.copy()
    poor[:, 0] = np.random.default_rng(2).poisson(0.05, len(poor))
    demand = demand_fit(Sales(poor, rich.prices, rich.known, rich.sold_out, rich.category))
    assert abs(demand.mean[0, 1] - 3.0) < 0.6
    assert demand.covariance[0, 1, 1] > 2 * demand.covariance[1, 1, 1]


def test_days_that_sold_out_count_as_at_least_that_much():
    demand = demand_fit(sales_make([2.0, 2.0], scale=20, stock=15))
    blind = demand_fit(
        Sales(**{**vars(sales_make([2.0, 2.0], scale=20, stock=15)), "sold_out": np.zeros((80, 2), bool)})
    )
    assert np.all(np.exp(demand.mean[:, 0]) > 17)
    assert np.all(np.exp(blind.mean[:, 0]) < 15)


def test_the_best_known_price_is_chosen_within_the_limits():
    chosen = price_choose(belief(2.0), situation(recent=(989,)), rng=np.random.default_rng(1))
    assert chosen.price in (989, 999, 1_009)  # 2 / (2 - 1) x 500 = 1,000
    assert price_choose(belief(1.2), situation(), rng=np.random.default_rng(1)).hits == ("step",)


def test_scarce_stock_makes_it_dearer():
    plenty = price_choose(belief(2.5), situation(), rng=np.random.default_rng(1))
    scarce = price_choose(belief(2.5), situation(stock=20.0), rng=np.random.default_rng(1))
    assert scarce.price > plenty.price


def test_without_stock_the_price_stays():
    assert price_choose(belief(), situation(stock=0.0), rng=np.random.default_rng(1)).price == 1_009


def test_what_is_uncertain_is_tried_and_what_is_known_is_not():
    rng = np.random.default_rng(1)
    _, sure = choice_shares(belief(sd=0.001), situation(), rng=rng, draws=200)
    _, unsure = choice_shares(belief(sd=0.8), situation(), rng=rng, draws=200)
    assert sure.max() == 1
    assert (unsure > 0.02).sum() >= 2
    assert unsure.sum() == pytest.approx(1)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_grid_has_allowed_prices_only(frozen):
    limits = PriceLimits(floor=950, cap=1_020, frozen=frozen)
    grid = price_grid(situation(limits=limits))
    assert (len(grid) == 0) == frozen
    for price in grid:
        assert price_violations(int(price), recent=(1_009,), limits=limits) == []


@pytest.mark.parametrize("regime", REGIMES)
def test_the_truth_falls_with_the_price_and_shifts_once(regime):
    market = Market.make(regime, seed=3)
    low, high = market.demand(market.list_price * 0.8, 5), market.demand(market.list_price * 1.2, 5)
    assert np.all(low >= high)
    assert np.allclose(market.demand(market.list_price, 0), market.demand(market.list_price, 7))
    assert not np.allclose(market.demand(market.list_price, 0), market.demand(market.list_price, 7 * 20))
    assert np.array_equal(Market.make(regime, seed=3).cost, market.cost)


def test_a_short_season_keeps_all_limits_and_earns_more_than_list_prices():
    market = Market.make("logit", seed=5, articles=12, days=90)
    ours = run(market, Learner(market, seed=5), seed=5)
    listed = run(market, Fixed(market.list_price), seed=5, guarded=False)
    best = run(market, Oracle(market), seed=5, guarded=False)
    assert ours.violations == 0
    assert listed.margin < ours.margin < best.margin
    assert ours.settled > 0.8 * best.settled


def test_a_policy_that_breaks_limits_is_caught():
    market = Market.make("linear", seed=1, articles=5, days=5)
    assert run(market, Fixed(market.list_price * 3), seed=1).violations > 0
    assert all(limit.floor > cost for limit, cost in zip(limits_of(market), market.cost, strict=True))


def test_an_artefact_is_the_model_and_proposes_alike():
    model = PricingModel(dict(zip("AB", beliefs_of(sales_make([1.5, 3.0])), strict=True)), {"A": 80, "B": 80})
    again = PricingModel.loads(model.dumps())
    for sku in "AB":
        assert again.propose(sku, situation(), seed=7) == model.propose(sku, situation(), seed=7)
    with pytest.raises(ValueError, match="no pricing model"):
        PricingModel.loads(b'{"kind": "other"}')


def test_reasons_say_why_with_numbers():
    model = PricingModel({"A": belief(1.3)}, {"A": 60})
    proposal = model.propose("A", situation(), seed=1)
    assert proposal.price > 1_009
    assert proposal.reasons[0].startswith("A price 10 % higher would sell about 12% less")
    assert "60 days of sales" in proposal.reasons[0]
    assert "units a day instead of" in proposal.reasons[1]
    assert proposal.reasons[-1] == "A larger step is not allowed within one day."


def test_an_unknown_article_keeps_its_price():
    proposal = PricingModel({}, {}).propose("new", situation(), seed=1)
    assert (proposal.price, proposal.reasons, proposal.elasticity) == (1_009, (UNKNOWN,), None)


def test_sales_of_a_shop_become_days_by_articles():
    from datetime import UTC, date, datetime, timedelta

    last = date(2026, 5, 31)
    days = [last - timedelta(days=n) for n in range(40)]
    sold = {"A": dict.fromkeys(days, 2), "rare": {last: 1}}
    start = datetime(2026, 4, 1, tzinfo=UTC)
    prices = {"A": [(start, 1_000), (start + timedelta(days=40), 1_100)], "rare": [(start, 5)]}
    history = history_build(sold, prices, {"A": "lamps"}, last)
    assert history is not None
    assert history.skus == ("A",)
    assert (history.sales.prices[-1, 0], history.sales.prices[-30, 0]) == (1_100, 1_000)
    assert history.sales.known.sum() == history.days[0] == 61
    assert history_build({"rare": {last: 1}}, prices, {}, last) is None


def test_off_policy_estimates_cover_the_truth():
    """Logged by one way to choose, judged for another; the model of rewards is wrong on purpose."""
    rng, decisions, truth = np.random.default_rng(4), [], []
    for _ in range(3_000):
        rewards = np.array([1.0, 2.0, 3.0]) * rng.uniform(0.5, 1.5)
        logged, target = rng.dirichlet([2, 2, 2]), np.array([0.1, 0.2, 0.7])
        chosen = int(rng.choice(3, p=logged))
        truth.append(float(target @ rewards))
        decisions.append(
            Decision(chosen, rewards[chosen] + rng.normal(0, 0.5), logged, target, np.array([1.5, 1.5, 1.5]))
        )
    found = estimates(decisions)
    for name, estimate in found.items():
        assert estimate.covers(float(np.mean(truth))), name
    assert found["doubly robust"].half < found["inverse propensity"].half


def test_margins_do_not_count_what_is_not_there():
    earned = margins(belief(2.0, units=100), situation(stock=70.0), np.array([1_000.0]), (np.log(100.0), 2.0))
    assert earned[0] == pytest.approx(500 * 10)

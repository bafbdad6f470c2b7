"""Policies beside each other in the simulator: fixed rules, greedy, Thompson sampling, and the best there is.

All prices that a policy sets are counted against the guards; a policy sees sales only, never the truth.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dynamic_pricing.choosing import Belief, Situation, margins, price_choose, price_grid
from dynamic_pricing.demand import Sales, demand_fit
from dynamic_pricing.simulator import Market
from meshop_shared.price_guards import PriceLimits, price_guard, price_violations

#: Days before which a policy has not seen enough to be compared with the oracle.
BURN_IN = 30
_REFIT_DAYS = 3
#: Days of sales that are looked at; older ones count next to nothing.
_WINDOW = 84
_MARKUPS = (1.3, 1.45, 1.6, 1.75, 1.9, 2.1, 2.3, 2.6)
_LIST_FACTORS = (0.8, 0.9, 1.0, 1.1, 1.2)
STEP = 0.1
Policy = Callable[[int, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Run:
    """What a policy earned, in total and after the burn-in, and how often it broke a limit."""

    margin: float
    settled: float
    violations: int


def limits_of(market: Market) -> list[PriceLimits]:
    """Limits of each article: at least 5 % over cost, at most 1.6 × the list price, 10 % a day."""
    return [
        PriceLimits(floor=int(np.ceil(cost * 1.05)), cap=int(list_price * 1.6), step=STEP)
        for cost, list_price in zip(market.cost, market.list_price, strict=True)
    ]


def run(market: Market, policy: Policy, *, seed: int, guarded: bool = True) -> Run:
    """Let a policy price every day; its prices are checked, and sold at."""
    rng = np.random.default_rng([seed, 77])
    limits = limits_of(market)
    prices, stock = market.list_price.copy(), np.zeros_like(market.list_price)
    earned, broken = np.zeros(market.days), 0
    for day in range(market.days):
        stock = market.delivered(day, stock)
        wanted = policy(day, prices, stock)
        if guarded:
            for new, old, limit in zip(wanted, prices, limits, strict=True):
                broken += len(price_violations(int(new), recent=(int(old),), limits=limit))
        sold = market.sell(wanted, day, stock, rng)
        stock, prices = stock - sold, wanted
        earned[day] = ((wanted - market.cost) * sold).sum()
        observe = getattr(policy, "observe", None)
        if observe is not None:
            observe(wanted, sold, stock)
    return Run(float(earned.sum()), float(earned[BURN_IN:].sum()), broken)


class Fixed:
    """The same price every day."""

    def __init__(self, prices: np.ndarray) -> None:
        self._prices = prices

    def __call__(self, day: int, prices: np.ndarray, stock: np.ndarray) -> np.ndarray:
        """Those prices."""
        return self._prices


def fixed_rules(market: Market) -> dict[str, Fixed]:
    """List prices and cost-plus, each with several factors; floors hold for them, too."""
    floor = np.array([limit.floor for limit in limits_of(market)])
    rules = {f"list × {factor:g}": market.list_price * factor for factor in _LIST_FACTORS}
    rules |= {f"cost × {markup:g}": market.cost * markup for markup in _MARKUPS}
    return {name: Fixed(np.maximum(np.round(prices), floor)) for name, prices in rules.items()}


class Oracle:
    """Knows demand, and is bound by floors and caps only: every day the best price of a fine grid."""

    def __init__(self, market: Market) -> None:
        self._market = market
        limits = limits_of(market)
        low = np.array([limit.floor for limit in limits], dtype=np.float64)
        high = np.array([limit.cap for limit in limits], dtype=np.float64)
        self._grid = np.linspace(low, high, 120)

    def __call__(self, day: int, prices: np.ndarray, stock: np.ndarray) -> np.ndarray:
        """The prices that earn most until the next delivery."""
        market = self._market
        pace = stock / market.days_left(day)
        units = np.minimum(market.demand(self._grid, day), pace)
        best = np.argmax((self._grid - market.cost) * units, axis=0)
        return self._grid[best, np.arange(len(best))]


class Learner:
    """Prices by what was sold: refits every few days, then draws (Thompson) or takes the mean curve (greedy)."""

    def __init__(self, market: Market, *, seed: int, greedy: bool = False) -> None:
        self._market, self._greedy = market, greedy
        self._rng = np.random.default_rng([seed, 99])
        self._limits = limits_of(market)
        self._prices: list[np.ndarray] = []
        self._sold: list[np.ndarray] = []
        self._known: list[np.ndarray] = []
        self._sold_out: list[np.ndarray] = []
        self._beliefs: list[Belief] | None = None

    def __call__(self, day: int, prices: np.ndarray, stock: np.ndarray) -> np.ndarray:
        """Allowed prices near those of yesterday."""
        if day < _REFIT_DAYS:
            return prices
        if self._beliefs is None or day % _REFIT_DAYS == 0:
            self._beliefs = self._fit()
        chosen = prices.copy()
        for number, belief in enumerate(self._beliefs):
            situation = Situation(
                recent=(int(prices[number]),), cost=int(self._market.cost[number]), stock=float(stock[number]),
                days=self._market.days_left(day), limits=self._limits[number],
            )  # fmt: skip
            chosen[number] = self._choose(belief, situation)
        return chosen

    def observe(self, prices: np.ndarray, sold: np.ndarray, left: np.ndarray) -> None:
        """What the day brought."""
        self._prices.append(prices)
        self._sold.append(sold)
        self._known.append(sold + left > 0)
        self._sold_out.append((left == 0) & (sold > 0))

    def _choose(self, belief: Belief, situation: Situation) -> int:
        if not self._greedy:
            return price_choose(belief, situation, rng=self._rng).price
        grid = price_grid(situation)
        if len(grid) == 0:
            return situation.recent[-1]
        best = float(grid[int(np.argmax(margins(belief, situation, grid, belief.mean)))])
        return price_guard(best, recent=situation.recent, limits=situation.limits).price

    def _fit(self) -> list[Belief]:
        window = slice(-_WINDOW, None)
        sales = Sales(
            np.array(self._sold[window]), np.array(self._prices[window]), np.array(self._known[window]),
            np.array(self._sold_out[window]), self._market.category,
        )  # fmt: skip
        return beliefs_of(sales)


def beliefs_of(sales: Sales) -> list[Belief]:
    """Beliefs about each article of a table of sales."""
    demand = demand_fit(sales)
    return [
        Belief(
            float(demand.reference[number]),
            (float(demand.mean[number, 0]), float(demand.mean[number, 1])),
            (
                (float(demand.covariance[number, 0, 0]), float(demand.covariance[number, 0, 1])),
                (float(demand.covariance[number, 1, 0]), float(demand.covariance[number, 1, 1])),
            ),
        )
        for number in range(len(demand.reference))
    ]


@dataclass(frozen=True)
class Comparison:
    """One market: what each policy earned, and each fixed rule by its name."""

    thompson: Run
    greedy: Run
    oracle: Run
    fixed: dict[str, Run]

    @property
    def best_fixed(self) -> Run:
        """The rule that turned out best in this market, which nobody knows beforehand."""
        return max(self.fixed.values(), key=lambda run: run.margin)


def compare(market: Market, *, seed: int) -> Comparison:
    """All policies on one market, each with the same luck."""
    rules = fixed_rules(market)
    return Comparison(
        thompson=run(market, Learner(market, seed=seed), seed=seed),
        greedy=run(market, Learner(market, seed=seed, greedy=True), seed=seed),
        oracle=run(market, Oracle(market), seed=seed, guarded=False),
        fixed={name: run(market, rule, seed=seed, guarded=False) for name, rule in rules.items()},
    )


def best_rule(found: list[Comparison]) -> str:
    """The fixed rule that earns most over all of these markets, by the oracle's margin."""
    return max(
        found[0].fixed,
        key=lambda name: float(np.mean([one.fixed[name].margin / one.oracle.margin for one in found])),
    )

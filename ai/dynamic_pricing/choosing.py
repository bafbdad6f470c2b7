"""Which price to try: Thompson sampling over a grid of allowed prices, with an eye on what is in stock.

A curve is drawn from what is believed of an article, and the price that would earn most on that curve is taken
(Thompson 1933; Ferreira, Simchi-Levi & Wang 2018 for prices with inventory). What is uncertain is tried, what is known
is used.
"""

from dataclasses import dataclass

import numpy as np

from dynamic_pricing.demand import expected_units
from meshop_shared.price_guards import PriceLimits, price_guard, price_range

#: Prices that are compared between the lowest and the highest allowed one.
GRID = 15
#: Part of the uncertainty that is tried out: sales of every day teach about all prices near today's, so half is enough.
BOLDNESS = 0.5


@dataclass(frozen=True)
class Belief:
    """What is believed of one article: level and elasticity at ``reference`` (minor units), mean and covariance."""

    reference: float
    mean: tuple[float, float]
    covariance: tuple[tuple[float, float], tuple[float, float]]

    def draw(self, rng: np.random.Generator) -> tuple[float, float]:
        """A curve that may be the true one; demand never rises with the price."""
        spread = np.array(self.covariance) * BOLDNESS**2
        level, elasticity = rng.multivariate_normal(self.mean, spread, method="cholesky")
        return float(level), max(float(elasticity), 0.05)


@dataclass(frozen=True)
class Situation:
    """An article now: prices of the last 24 hours (current last), unit cost, stock that must last for ``days``."""

    recent: tuple[int, ...]
    cost: int
    stock: float
    days: float
    limits: PriceLimits


@dataclass(frozen=True)
class Chosen:
    """A price, which limits shaped it, and what is expected a day at this and at the current price."""

    price: int
    hits: tuple[str, ...]
    units: float
    margin: float
    units_now: float
    margin_now: float


def price_choose(belief: Belief, situation: Situation, *, rng: np.random.Generator) -> Chosen:
    """The allowed price that earns most on a drawn curve; expectations are those of the mean curve."""
    grid = price_grid(situation)
    current = situation.recent[-1]
    if len(grid) == 0:
        guarded = price_guard(current, recent=situation.recent, limits=situation.limits)
        return _chosen(belief, situation, current, guarded.hits)
    earned = margins(belief, situation, grid, belief.draw(rng))
    best = float(grid[int(np.argmax(earned))])
    guarded = price_guard(best, recent=situation.recent, limits=situation.limits)
    return _chosen(belief, situation, guarded.price, _edges(guarded.price, situation))


def price_grid(situation: Situation) -> np.ndarray:
    """Different prices that may be set now, the current one among them; empty when none may."""
    limits, current = situation.limits, situation.recent[-1]
    low, high = price_range(recent=situation.recent, limits=limits)
    if limits.frozen or low > high or not limits.floor <= current <= limits.cap:
        return np.array([])
    if situation.stock <= 0:  # whatever it costs, none is sold: nothing can be learned or earned
        return np.array([float(current)])
    raw = np.concatenate([np.linspace(low, high, GRID), [current]])
    found = {price_guard(float(one), recent=situation.recent, limits=limits).price for one in raw}
    return np.array(sorted(found), dtype=np.float64)


def margins(
    belief: Belief, situation: Situation, prices: np.ndarray, curve: tuple[float, float]
) -> np.ndarray:
    """What each price earns a day on a curve: no more is sold than there is."""
    units = expected_units(np.array(curve[0]), np.array(curve[1]), np.log(prices / belief.reference))
    return (prices - situation.cost) * np.minimum(units, situation.stock / max(situation.days, 1.0))


def choice_shares(
    belief: Belief, situation: Situation, *, rng: np.random.Generator, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Prices and how often each would be chosen: the propensities that off-policy evaluation needs."""
    grid = price_grid(situation)
    if len(grid) == 0:
        return np.array([float(situation.recent[-1])]), np.array([1.0])
    wins = np.zeros(len(grid))
    for _ in range(draws):
        wins[int(np.argmax(margins(belief, situation, grid, belief.draw(rng))))] += 1
    return grid, wins / draws


def _chosen(belief: Belief, situation: Situation, price: int, hits: tuple[str, ...]) -> Chosen:
    both = np.array([float(price), float(situation.recent[-1])])
    margin = margins(belief, situation, both, belief.mean)
    units = margin / np.maximum(both - situation.cost, 1e-9)
    units = np.where(both > situation.cost, units, 0.0)
    return Chosen(price, hits, float(units[0]), float(margin[0]), float(units[1]), float(margin[1]))


def _edges(price: int, situation: Situation) -> tuple[str, ...]:
    """Which limit a chosen price lies at, if a digit more would cross it."""
    low, high = price_range(recent=situation.recent, limits=situation.limits)
    grain = situation.limits.ending[1]
    if price != situation.recent[-1] and price - grain < low:
        return ("floor" if low == situation.limits.floor else "step",)
    if price != situation.recent[-1] and price + grain > high:
        return ("cap" if high == situation.limits.cap else "step",)
    return ()

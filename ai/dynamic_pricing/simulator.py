"""A shop with known demand: what every price would sell, so that policies can be compared with the best there is.

Three regimes of demand (constant elasticity, linear, logit), articles in categories that resemble each other, weekdays,
noise, deliveries every week of which some are scarce, and one shift in the middle: levels, values and
elasticities change.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Regime = Literal["constant", "linear", "logit"]
REGIMES: tuple[Regime, ...] = ("constant", "linear", "logit")
_CATEGORY_ELASTICITY = (1.7, 2.4, 3.4)
_WEEK = np.array([0.85, 0.85, 0.9, 1.0, 1.1, 1.25, 1.05])
_NOISE, _SCARCE, _DELIVERY_DAYS = 0.15, 0.2, 7
#: What articles are worth to customers, in costs: some are bargains to buy in, some are not.
_WORTH = (1.3, 3.2)
#: How well list prices guess what articles are worth to customers (standard deviation of the log).
_GUESS = 0.2


@dataclass(frozen=True)
class Market:
    """Articles and their true demand before and after the shift; amounts in minor units.

    ``value`` is the price around which customers hesitate; neither merchants nor policies know it.
    """

    regime: Regime
    category: np.ndarray
    cost: np.ndarray
    list_price: np.ndarray
    value: np.ndarray
    scale: np.ndarray
    elasticity: np.ndarray
    delivery: np.ndarray
    days: int
    shift: int

    @classmethod
    def make(cls, regime: Regime, *, seed: int, articles: int = 30, days: int = 180) -> "Market":
        """A market; the same seed gives the same one."""
        rng = np.random.default_rng([seed, REGIMES.index(regime)])
        category = np.arange(articles) % len(_CATEGORY_ELASTICITY)
        elasticity = np.clip(rng.normal(np.array(_CATEGORY_ELASTICITY)[category], 0.35), 1.25, 5)
        cost = np.round(np.exp(rng.normal(np.log(1_500), 0.6, articles)))
        low, high = np.log(_WORTH)
        value = cost * np.exp(rng.uniform(float(low), float(high), articles))
        list_price = np.round(value * np.exp(rng.normal(0, _GUESS, articles)) / 10) * 10 + 9
        list_price = np.maximum(list_price, np.ceil(cost * 1.15 / 10) * 10 + 9)
        scale = np.exp(rng.normal(np.log(8), 0.7, articles))
        later = np.clip(elasticity + rng.normal(0, 0.6, articles), 1.25, 5)
        scales = np.stack([scale, scale * rng.uniform(0.6, 1.5, articles)])
        values = np.stack([value, value * rng.uniform(0.85, 1.2, articles)])
        scarce = rng.random(articles) < _SCARCE
        delivery = np.where(scarce, rng.uniform(0.5, 0.8, articles), 5) * scale * _DELIVERY_DAYS
        return cls(
            regime, category, cost, list_price, values, scales, np.stack([elasticity, later]), np.ceil(delivery), days,
            days // 2,
        )  # fmt: skip

    def demand(self, prices: np.ndarray, day: int) -> np.ndarray:
        """Expected units of that day at these prices, shape (..., articles)."""
        era = int(day >= self.shift)
        scale, elasticity = self.scale[era] * _WEEK[day % 7], self.elasticity[era]
        ratio = prices / self.value[era]
        if self.regime == "constant":
            return scale * ratio**-elasticity
        if self.regime == "linear":
            return scale * np.maximum(1 - elasticity * (ratio - 1), 0)
        steep = 1.5 * elasticity
        return scale * (1 + np.exp(-0.5 * steep)) / (1 + np.exp(steep * (ratio - 1) - 0.5 * steep))

    def sell(self, prices: np.ndarray, day: int, stock: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What is sold that day: no more than there is."""
        luck = np.exp(rng.normal(-0.5 * _NOISE**2, _NOISE, len(prices)))
        return np.minimum(rng.poisson(self.demand(prices, day) * luck), stock)

    def delivered(self, day: int, stock: np.ndarray) -> np.ndarray:
        """The stock of the morning: every week it is filled up."""
        return np.maximum(stock, self.delivery) if day % _DELIVERY_DAYS == 0 else stock

    def days_left(self, day: int) -> int:
        """Days until the next delivery, today included."""
        return _DELIVERY_DAYS - day % _DELIVERY_DAYS

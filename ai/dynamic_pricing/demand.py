"""How demand answers to price: a hierarchical log-log model whose articles lend each other what they do not know.

For each article ``units ~ Poisson(exp(level - elasticity * log(price / reference)))``, fitted by Newton steps with
Gaussian priors. The prior of an article's elasticity is that of its category, learned from all its articles (empirical
Bayes, Efron & Morris 1975), so few sales mean an elasticity near the category's. Recent days and prices near today's
count more: demand moves, and no curve is log-log everywhere.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammainc

#: What is believed of an elasticity before there are sales, and how far articles of a category differ at least.
PRIOR_MEAN, PRIOR_SD, LEAST_SD = 2.2, 0.8, 0.25
_LEVEL_SD = 3.0
_NEWTON, _ROUNDS = 8, 2
#: Days after which an observation counts half, and the distance of log prices over which one tells of another.
HALF_LIFE_DAYS, REACH = 35.0, 0.5
_LARGEST = 20.0


@dataclass(frozen=True)
class Sales:
    """Days by articles: ``units`` sold at ``prices``.

    On days that are ``sold_out`` demand was at least that; where ``known`` is False there was nothing to sell.
    """

    units: np.ndarray
    prices: np.ndarray
    known: np.ndarray
    sold_out: np.ndarray
    category: np.ndarray


@dataclass(frozen=True)
class Demand:
    """Beliefs about each article: mean (articles, 2) and covariance (articles, 2, 2) of level and elasticity."""

    reference: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray
    category_mean: np.ndarray
    category_sd: np.ndarray
    noise: np.ndarray


def demand_fit(sales: Sales) -> Demand:
    """Fit all articles at once; the last row of prices is today's, where beliefs are wanted."""
    days, articles = sales.units.shape
    reference = sales.prices[-1]
    x = np.log(sales.prices / reference)
    age = (days - 1 - np.arange(days))[:, None]
    weight = np.where(sales.known, 0.5 ** (age / HALF_LIFE_DAYS) * np.exp(-0.5 * (x / REACH) ** 2), 0.0)
    categories = int(sales.category.max(initial=0)) + 1
    center, spread = np.full(categories, PRIOR_MEAN), np.full(categories, PRIOR_SD)
    level = np.log((weight * sales.units).sum(0) + 0.5) - np.log(weight.sum(0) + 0.5)
    mean = np.stack([level, np.full(articles, PRIOR_MEAN)], axis=1)
    noise = np.ones(articles)
    covariance = np.zeros((articles, 2, 2))
    for _ in range(_ROUNDS):
        prior_mean = np.stack([level, center[sales.category]], axis=1)
        prior_precision = np.stack([np.full(articles, _LEVEL_SD**-2), spread[sales.category] ** -2.0], axis=1)
        mean, covariance = _newton(sales, x, weight / noise, mean, prior_mean, prior_precision)
        noise = _noise(_wanted(sales, expected_units(mean[:, 0], mean[:, 1], x)), x, weight, mean)
        center, spread = _pool(mean[:, 1], covariance[:, 1, 1], sales.category, categories)
    return Demand(reference, mean, covariance, center, spread, noise)


def expected_units(level: np.ndarray, elasticity: np.ndarray, log_ratio: np.ndarray) -> np.ndarray:
    """Units a day at ``log(price / reference)``."""
    return np.exp(np.clip(level - elasticity * log_ratio, -_LARGEST, _LARGEST))


def _newton(
    sales: Sales,
    x: np.ndarray,
    weight: np.ndarray,
    start: np.ndarray,
    prior: np.ndarray,
    precision: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The mode of each article's posterior and its curvature."""
    mean = start.copy()
    hessian = np.zeros((len(mean), 2, 2))
    for _ in range(_NEWTON):
        rate = expected_units(mean[:, 0], mean[:, 1], x)
        gap, curve = weight * (_wanted(sales, rate) - rate), weight * rate
        gradient = np.stack([gap.sum(0), -(gap * x).sum(0)], axis=1) - precision * (mean - prior)
        hessian[:, 0, 0] = curve.sum(0) + precision[:, 0]
        hessian[:, 1, 1] = (curve * x * x).sum(0) + precision[:, 1]
        hessian[:, 0, 1] = hessian[:, 1, 0] = -(curve * x).sum(0)
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        mean = mean + np.clip(step, -1, 1)
    return mean, np.linalg.inv(hessian)


def _wanted(sales: Sales, rate: np.ndarray) -> np.ndarray:
    """Units that customers wanted; on days that sold out, the mean of a Poisson count of at least what was sold."""
    least = np.maximum(sales.units, 1)
    beyond = rate * np.where(least > 1, gammainc(np.maximum(least - 1, 1), rate), 1.0)
    expected = np.maximum(beyond / np.maximum(gammainc(least, rate), 1e-12), least)
    return np.where(sales.sold_out, np.minimum(expected, least + rate + 5), sales.units)


def _noise(units: np.ndarray, x: np.ndarray, weight: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """By how much sales vary more than a Poisson count would: weekdays, weather, news."""
    rate = expected_units(mean[:, 0], mean[:, 1], x)
    total = weight.sum(0)
    excess = (weight * (units - rate) ** 2 / np.maximum(rate, 0.05)).sum(0)
    return np.clip((excess + 5.0) / (total + 5.0), 1.0, 20.0)


def _pool(
    elasticity: np.ndarray, variance: np.ndarray, category: np.ndarray, categories: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of elasticities in each category, by moments; few articles stay near the prior."""
    weight = 1 / (variance + LEAST_SD**2)
    total = np.bincount(category, weight, categories) + PRIOR_SD**-2
    mean = (np.bincount(category, weight * elasticity, categories) + PRIOR_SD**-2 * PRIOR_MEAN) / total
    gaps = (elasticity - mean[category]) ** 2 - variance
    count = np.bincount(category, minlength=categories)
    spread = (np.bincount(category, gaps, categories) + PRIOR_SD**2) / (count + 1)
    return mean, np.sqrt(np.clip(spread, LEAST_SD**2, PRIOR_SD**2))

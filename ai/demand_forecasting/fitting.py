"""Making forecasts: gradient-boosted trees taught by all articles together, beside simple methods.

Apart from :mod:`demand_forecasting.model`, so that serving needs no library of the trainer's.

A tree learns the mean of the next four weeks relative to the article's level. The median of that is right most often
and too low on the whole; the mean is right on the whole and too high most of the time. Large articles, whose errors
cost stock and money, lean to the mean; the many small ones stay a little above the middle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from demand_forecasting.demand import Array, Demand
from demand_forecasting.features import LEAST_WEEKS, Known, known_after
from demand_forecasting.simple import ses

#: Weeks that a forecast is taught and judged on.
HORIZON = 4
#: Articles and weeks that teach; more of them cost time and add nothing.
_TEACHERS, _LESSONS = 2_500, 60
#: What came, relative to the level, counts at most so much: a single order from abroad teaches nothing.
_LARGEST = 5.0
_ROUNDS = 100
_SETTINGS: dict[str, Any] = {
    "verbosity": -1,
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_child_samples": 200,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # two wait for each other where there are no two cores to spare
}
_OBJECTIVES: dict[str, dict[str, Any]] = {
    "above": {"objective": "quantile", "alpha": 0.6},
    "high": {"objective": "quantile", "alpha": 0.65},
    "mean": {"objective": "l2"},
}
#: Parts of the forecast of small and of large articles.
SMALL = {"above": 1}
LARGE = {"mean": 1, "high": 2, "ses": 1}
#: Articles are large that make up this part of all units, and the mixture changes over this width around it.
_LARGE_SHARE, _WIDTH = 0.5, 0.5


@dataclass(frozen=True)
class Forecast:
    """Units a week in the weeks to come, by article: of the ensemble, and of each of its members.

    ``even`` is the ensemble without regard to the size of an article.
    """

    units: Array
    even: Array
    members: Mapping[str, Array]


def known_by_week(demand: Demand) -> dict[int, Known]:
    """What was known after each week that can teach."""
    return {week: known_after(demand.until(week)) for week in range(LEAST_WEEKS, demand.weeks + 1)}


def forecast_fit(demand: Demand, *, known: Mapping[int, Known], seed: int) -> Forecast:
    """Learn from ``demand`` and forecast the weeks after it. ``known`` may know later weeks: they are not looked at.

    Raises ``ValueError`` where the history is too short to learn from.
    """
    rows, came, level = _lessons(demand, known)
    now = known[demand.weeks]
    members = {"ses": ses(demand)}
    for name, objective in _OBJECTIVES.items():
        weight = np.sqrt(level) if name == "mean" else None
        data = lightgbm.Dataset(rows, np.minimum(came, _LARGEST), weight=weight)
        booster = lightgbm.train({**_SETTINGS, **objective, "seed": seed}, data, _ROUNDS)
        members[name] = np.maximum(booster.predict(now.values) * now.level, 0)
    large = _largeness(now.level)
    high, low = _mixed(members, LARGE), _mixed(members, SMALL)
    return Forecast(large * high + (1 - large) * low, (high + low) / 2, members)


def _lessons(demand: Demand, known: Mapping[int, Known]) -> tuple[Array, Array, Array]:
    """Features, what came relative to the level, and the level, of every article and week whose future is over."""
    teachers = demand.best(_TEACHERS, before=demand.weeks)
    rows, came, levels = [], [], []
    last = demand.weeks - HORIZON
    for week in range(max(LEAST_WEEKS, last - _LESSONS + 1), last + 1):
        articles = teachers[demand.first[teachers] < week]
        level = known[week].level[articles]
        rows.append(known[week].values[articles])
        came.append(demand.units[articles, week : week + HORIZON].mean(1) / level)
        levels.append(level)
    if not rows:
        raise ValueError(f"{demand.weeks} weeks are too few to learn from")
    return np.concatenate(rows), np.concatenate(came), np.concatenate(levels)


def _mixed(members: Mapping[str, Array], parts: Mapping[str, int]) -> Array:
    return np.average([members[name] for name in parts], axis=0, weights=list(parts.values()))


def _largeness(level: Array) -> Array:
    """From 1 for the best sellers to 0 for the many small ones, by the part of all units that larger ones make up."""
    order = np.argsort(-level, kind="stable")
    above = np.empty(len(level))
    above[order] = (np.cumsum(level[order]) - level[order]) / level.sum()
    return np.clip((_LARGE_SHARE - above) / _WIDTH + 0.5, 0, 1)

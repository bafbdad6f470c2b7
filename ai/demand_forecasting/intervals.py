"""How surely: bands that hold the asked part of the weeks, from how wrong earlier forecasts were.

Split conformal prediction (Vovk, Gammerman and Shafer, 2005) over rolling origins: the newest earlier forecasts are
compared with what came. Errors are taken of square roots, where those of large and small articles are alike, and
relative to how much the article itself varies; small, middling and large articles have quantiles of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demand_forecasting.demand import Array, Demand

_GROUPS = 3
_RECENT = 13
#: The article's own variation counts like so many weeks of it beside that of its group.
_SHRINK = 8.0


@dataclass(frozen=True)
class Origin:
    """An earlier forecast: units a week and variation by article, and the units that came, week by week."""

    units: Array
    spread: Array
    came: Array


@dataclass(frozen=True)
class Errors:
    """Quantiles of relative errors: weeks ahead by groups by ``levels``; ``edges`` part the groups by forecast."""

    levels: Array
    edges: Array
    quantiles: Array

    def at(self, units: Array, spread: Array, *, ahead: int, level: float) -> Array:
        """The units that stay below with probability ``level``: in one week, or in the sum, as these errors are of."""
        group = np.searchsorted(self.edges, units)
        table = self.quantiles[min(ahead, len(self.quantiles) - 1)]
        score = np.array([np.interp(level, self.levels, row) for row in table])[group]
        return np.maximum(np.sqrt(units) + score * spread, 0) ** 2


def spread_of(demand: Demand) -> Array:
    """How much the square root of an article's weeks varies lately, between its own and that of its like."""
    weeks = min(_RECENT, demand.weeks)
    known = np.arange(demand.weeks - weeks, demand.weeks) >= demand.first[:, None]
    count = np.maximum(known.sum(1), 1)
    roots = np.sqrt(demand.units[:, -weeks:])
    mean = (roots * known).sum(1) / count
    own = (((roots - mean[:, None]) ** 2) * known).sum(1) / np.maximum(count - 1, 1)
    order = np.argsort(mean, kind="stable")
    like = np.empty(len(own))
    for part in np.array_split(order, max(1, min(20, len(order)))):
        like[part] = own[part].mean() if len(part) else 0
    return np.sqrt((count * own + _SHRINK * np.maximum(like, 0.05)) / (count + _SHRINK))


def errors_of(origins: Sequence[Origin], *, levels: Sequence[float], summed: bool) -> Errors:
    """Quantiles by weeks ahead: of single weeks, or of the mean of all weeks up to each."""
    every = np.concatenate([origin.units for origin in origins])
    if not len(every):
        return Errors(np.array(levels), np.zeros(_GROUPS - 1), np.zeros((1, _GROUPS, len(levels))))
    edges = np.quantile(every, np.arange(1, _GROUPS) / _GROUPS)
    tables = []
    for ahead in range(max(origin.came.shape[1] for origin in origins)):
        scores, groups = [], []
        for origin in origins:
            if origin.came.shape[1] <= ahead:
                continue
            came = origin.came[:, : ahead + 1].mean(1) if summed else origin.came[:, ahead]
            scores.append((np.sqrt(came) - np.sqrt(origin.units)) / origin.spread)
            groups.append(np.searchsorted(edges, origin.units))
        score, group = np.concatenate(scores), np.concatenate(groups)
        tables.append(
            [
                np.quantile(score[group == number] if (group == number).any() else score, levels)
                for number in range(_GROUPS)
            ]
        )
    return Errors(np.array(levels), edges, np.array(tables))

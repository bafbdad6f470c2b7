"""Errors of forecasts beside what was sold, and how sure the figures are.

MASE (Hyndman and Koehler, 2006) and WRMSSE (the M5 competition, 2020): errors are relative to those of the naive
forecast within the history of the article, from its first sale on; WRMSSE weighs articles by what they earned in the
last four weeks of the history. Bias is all that was forecast beside all that was sold: a forecast that is too low
everywhere has a good MASE, so it is never shown without.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from demand_forecasting.demand import Array, Demand
from meshop_shared.ai.figures import Interval

_RECENT = 4
LEVEL = 0.8


@dataclass(frozen=True)
class Judged:
    """Errors of one method: all are cut-offs by articles. Where an article has no scale yet, ``mase`` is NaN."""

    mase: Array
    rmsse: Array
    weight: Array
    forecast: Array
    actual: Array

    def figures(self) -> dict[str, float]:
        """Means over the cut-offs, and the bias over everything."""
        return {name: float(value) for name, value in zip(FIGURES, self._means(None, None), strict=True)}

    def by_cutoff(self) -> list[dict[str, float]]:
        """The same for each cut-off."""
        rows = range(len(self.mase))
        return [
            dict(zip(FIGURES, map(float, self._means(np.array([row]), None)), strict=True)) for row in rows
        ]

    def _means(self, cutoffs: Array | None, articles: Array | None) -> tuple[float, float, float]:
        rows = np.arange(len(self.mase)) if cutoffs is None else cutoffs
        columns = np.arange(self.mase.shape[1]) if articles is None else articles
        at = np.ix_(rows, columns)
        known = np.isfinite(self.mase[at])
        weight = np.where(known, self.weight[at], 0)
        mase = np.where(known, self.mase[at], 0).sum(1) / np.maximum(known.sum(1), 1)
        wrmsse = (weight * np.where(known, self.rmsse[at], 0)).sum(1) / np.maximum(weight.sum(1), 1e-9)
        bias = self.forecast[at].sum() / max(float(self.actual[at].sum()), 1e-9) - 1
        return float(mase.mean()), float(wrmsse.mean()), float(bias)


FIGURES = ("mase", "wrmsse", "bias")


def judge(demand: Demand, forecasts: Mapping[int, Array], *, articles: Array) -> Judged:
    """Compare forecasts (articles by weeks ahead) made after so many weeks with what came."""
    columns: dict[str, list[Array]] = {name: [] for name in ("mase", "rmsse", "weight", "forecast", "actual")}
    for week, made in forecasts.items():
        past, actual = demand.until(week).of(articles), demand.units[articles, week : week + made.shape[1]]
        absolute, square = scales(past)
        error = made - actual
        columns["mase"].append(np.abs(error).mean(1) / absolute)
        columns["rmsse"].append(np.sqrt((error**2).mean(1) / square))
        columns["weight"].append(past.revenue[:, -_RECENT:].sum(1))
        columns["forecast"].append(made.sum(1))
        columns["actual"].append(actual.sum(1))
    return Judged(**{name: np.array(values) for name, values in columns.items()})


def scales(past: Demand) -> tuple[Array, Array]:
    """Mean absolute and mean squared step from week to week since the first sale; NaN without a step."""
    steps = np.diff(past.units, axis=1)
    known = np.arange(1, past.weeks) > past.first[:, None]
    count = known.sum(1)
    absolute, square = (np.abs(steps) * known).sum(1), (steps**2 * known).sum(1)
    valid = (count > 0) & (absolute > 0)
    count = np.maximum(count, 1)
    return np.where(valid, absolute / count, np.nan), np.where(valid, square / count, np.nan)


def coverage(demand: Demand, bands: Mapping[int, tuple[Array, Array]], *, articles: Array) -> list[float]:
    """Part of the weeks that fell into their band, by cut-off."""
    parts = []
    for week, (low, high) in bands.items():
        actual = demand.units[articles, week : week + low.shape[1]]
        parts.append(float(((actual >= low) & (actual <= high)).mean()))
    return parts


def intervals(
    judged: Judged, *, against: Judged | None = None, samples: int = 500, seed: int = 0
) -> dict[str, Interval]:
    """Resample articles and cut-offs alike (pigeonhole bootstrap, Owen 2007); ``against``: ratios to another method."""
    chance = np.random.default_rng(seed)
    cutoffs, articles = judged.mase.shape

    def of(rows: Any, columns: Any) -> Array:
        own = np.array(judged._means(rows, columns))
        return own if against is None else own / np.array(against._means(rows, columns))

    draws = np.array(
        [
            of(chance.integers(0, cutoffs, cutoffs), chance.integers(0, articles, articles))
            for _ in range(samples)
        ]
    )
    low, high = np.quantile(draws, (0.025, 0.975), axis=0)
    value = of(None, None)
    return {
        name: Interval(float(value[at]), float(low[at]), float(high[at])) for at, name in enumerate(FIGURES)
    }

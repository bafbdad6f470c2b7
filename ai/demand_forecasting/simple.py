"""Simple methods for all articles at once: what every other has to beat, and what the ensemble leans on.

Each takes the history as it was known and gives units a week, the same for every week ahead. They are written over
whole matrices, without the half gigabyte that statsforecast brings along. A test holds SES and IMAPA to what it says.
"""

import numpy as np

from demand_forecasting.demand import Array, Demand

#: How fast the levels of the ensemble forget: a week counts this part of the one after it.
FORGETS = 0.85
WINDOW = 26


def naive(demand: Demand) -> Array:
    """What the last week sold."""
    return demand.units[:, -1]


def ses(demand: Demand, alpha: float = 0.2) -> Array:
    """Simple exponential smoothing from the first sale on (Brown, 1956)."""
    return ses_levels(demand.units, alpha=alpha, first=demand.first)[:, -1]


def ses_levels(units: Array, *, alpha: float, first: Array) -> Array:
    """The level after each week."""
    levels = np.zeros(units.shape)
    level = np.zeros(len(units))
    for week in range(units.shape[1]):
        level = np.where(week <= first, units[:, week], alpha * units[:, week] + (1 - alpha) * level)
        levels[:, week] = level
    return levels


def imapa(demand: Demand) -> Array:
    """The mean of forecasts on coarser and coarser sums (Petropoulos and Kourentzes, 2015); SES with the best alpha.

    Sums go up to the mean interval between weeks with sales.
    """
    found = np.zeros(len(demand.units))
    for row, (units, first) in enumerate(zip(demand.units, demand.first, strict=True)):
        series = units[first:]
        sold = np.flatnonzero(series)
        if not len(sold):
            continue
        longest = max(1, round(float(np.mean(np.diff(sold, prepend=-1)))))
        levels = []
        for size in range(1, longest + 1):
            left = len(series) % size
            levels.append(_ses_best(series[left:].reshape(-1, size).sum(1)) / size)
        found[row] = np.mean(levels)
    return found


#: Where statsforecast looks for the best alpha.
_ALPHAS = np.linspace(0.1, 0.3, 41)


def _ses_best(series: Array) -> float:
    """SES with the alpha of the smallest squared errors within the series."""
    level = np.full(len(_ALPHAS), series[0]) if len(series) else np.zeros(len(_ALPHAS))
    squares = np.zeros(len(_ALPHAS))
    for value in series[1:]:
        squares += (value - level) ** 2
        level = _ALPHAS * value + (1 - _ALPHAS) * level
    return float(level[np.argmin(squares)])


def median(demand: Demand, weeks: int = 8) -> Array:
    """The median of the last weeks: right half of the time, and far too low on the whole."""
    return np.median(demand.units[:, -weeks:], axis=1)


def recent(values: Array, *, first: Array, forgets: float = FORGETS, window: int = WINDOW) -> Array:
    """Mean of the last weeks, older ones counting less, none before the first sale."""
    weeks = values.shape[1]
    taken = min(window, weeks)
    weight = forgets ** np.arange(taken)[::-1]
    known = weight * (np.arange(weeks - taken, weeks) >= first[:, None])
    return (values[:, weeks - taken :] * known).sum(1) / np.maximum(known.sum(1), 1e-9)


def orders_by_size(demand: Demand) -> Array:
    """How many lines a week, times how many pieces a line: one large order is one line, and moves it little."""
    lines, units = demand.lines[:, -WINDOW:].sum(1), demand.units[:, -WINDOW:].sum(1)
    return recent(demand.lines, first=demand.first) * units / np.maximum(lines, 1)

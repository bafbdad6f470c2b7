"""What is known of each article after a number of weeks, relative to its own level, so that all can teach each other.

Nothing here looks at a week that was not over yet.
"""

from dataclasses import dataclass

import numpy as np

from demand_forecasting.demand import Array, Demand
from demand_forecasting.simple import orders_by_size, recent, ses_levels

#: Weeks that must be over before anything is learned.
LEAST_WEEKS = 9
_LAGS = 8
_WINDOWS = (4, 8, 13, 26)
_ALPHAS = (0.1, 0.2, 0.4)
_LOWEST = 0.3
_LONG_AGO = 99


@dataclass(frozen=True)
class Known:
    """Features by article (``columns`` names them), and the level (units a week) that they are relative to."""

    columns: tuple[str, ...]
    values: Array
    level: Array


def known_after(demand: Demand) -> Known:
    """Stand at the end of ``demand``. Needs :data:`LEAST_WEEKS` weeks."""
    level = level_of(demand)
    units, typical, lines = demand.units, demand.typical, demand.lines
    age = np.maximum(demand.weeks - demand.first, 0)
    columns: dict[str, Array] = {}
    for lag in range(1, _LAGS + 1):
        columns[f"units {lag} ago"] = units[:, -lag] / level
    for lag in range(1, 5):
        columns[f"lines {lag} ago"] = lines[:, -lag]
    for window in (2, *_WINDOWS):
        part = units[:, -window:]
        columns[f"mean {window}"] = part.mean(1) / level
        columns[f"lines {window}"] = lines[:, -window:].mean(1)
    for window in _WINDOWS:
        part = units[:, -window:]
        low, middle, high = np.quantile(part, (0.25, 0.5, 0.75), axis=1)
        columns[f"median {window}"], columns[f"low {window}"] = middle / level, low / level
        columns[f"high {window}"], columns[f"most {window}"] = high / level, part.max(1) / level
        columns[f"spread {window}"], columns[f"quiet {window}"] = part.std(1) / level, (part == 0).mean(1)
    for lag, window in ((1, 1), (2, 2), (4, 4), (13, 13)):
        columns[f"typical {lag}"] = typical[:, -window:].mean(1) / level
    pace = lines.sum(1) / np.maximum(age, 1)
    columns["lines ever"] = pace
    columns["lines trend"] = (columns["lines 4"] + 0.2) / (columns["lines 13"] + 0.2)
    columns["lines trend long"] = (columns["lines 13"] + 0.2) / (pace + 0.2)
    columns["pieces a line"] = np.log(units[:, -26:].sum(1) / np.maximum(lines[:, -26:].sum(1), 1) + 1)
    columns["orders by size"] = orders_by_size(demand) / level
    columns["recent"] = recent(units, first=demand.first) / level
    columns["recent typical"] = recent(typical, first=demand.first) / level
    columns["recent root"] = recent(np.sqrt(units), first=demand.first, forgets=0.8) ** 2 / level
    columns["recent lines"] = recent(lines, first=demand.first)
    for alpha in _ALPHAS:
        columns[f"ses {alpha}"] = ses_levels(units, alpha=alpha, first=demand.first)[:, -1] / level
    sold = units > 0
    quiet = np.where(sold.any(1), sold[:, ::-1].argmax(1), _LONG_AGO)
    columns["weeks quiet"], columns["age"] = quiet, np.minimum(age, 60)
    for window in (1, 2, 4):
        columns[f"days {window}"] = demand.days[:, -window:].sum(1)
    columns["missing 4"] = demand.missing[:, -4:].sum(1)
    columns["shop trend"] = np.full(len(units), _trend(lines))
    columns.update(_prices(demand))
    columns["level"] = np.log(level)
    return Known(tuple(columns), np.column_stack(list(columns.values())).astype(np.float32), level)


def level_of(demand: Demand) -> Array:
    """Units a week that are usual by now; never zero."""
    first = demand.first
    level = (
        0.5 * orders_by_size(demand)
        + 0.25 * recent(demand.typical, first=first)
        + 0.25 * recent(demand.units, first=first)
    )
    return np.maximum(level, _LOWEST)


def _trend(lines: Array) -> float:
    """How busy the whole shop was in the last four weeks beside the last thirteen."""
    by_week = lines.sum(0)
    return float((by_week[-4:].mean() + 1) / (by_week[-13:].mean() + 1))


def _prices(demand: Demand) -> dict[str, Array]:
    """The usual price, and that of the last four weeks relative to it."""
    usual = demand.revenue.sum(1) / np.maximum(demand.sold.sum(1), 1)
    sold = demand.sold[:, -4:].sum(1)
    now = np.where(sold > 0, demand.revenue[:, -4:].sum(1) / np.maximum(sold, 1e-9), usual)
    return {"price": np.log(usual + 0.05), "price now": now / np.maximum(usual, 0.01)}

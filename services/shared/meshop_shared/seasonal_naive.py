"""The forecast that needs no model: what was sold a year ago, or lately where there is no year yet.

How surely comes from how much the weeks vary, on square roots, where that is alike for large and small articles.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean

SEASON = 52
_LATELY = 4
_VARIES_OVER = 13
#: Square roots of counts vary so much by chance alone (Bartlett, 1936).
_CHANCE = 0.5


@dataclass(frozen=True)
class Expected:
    """A week to come: units that are expected, at least and at most (80 %)."""

    units: float
    low: float
    high: float


def weeks_expected(recent: Sequence[float], *, weeks: int) -> list[Expected]:
    """The weeks after ``recent`` (units by week, the latest last)."""
    spread, reach = _spread(recent), NormalDist().inv_cdf(0.9)
    found = []
    for ahead in range(weeks):
        units = _level(recent, ahead)
        root = math.sqrt(units)
        found.append(Expected(units, max(root - reach * spread, 0) ** 2, (root + reach * spread) ** 2))
    return found


def needs_expected(recent: Sequence[float], *, weeks: int, levels: Sequence[float]) -> list[list[float]]:
    """Units that suffice for 1, 2, … ``weeks`` weeks together, with each of these probabilities: growing with both."""
    spread, table = _spread(recent), []
    most = [0.0] * len(levels)
    for ahead in range(weeks):
        mean = fmean(_level(recent, week) for week in range(ahead + 1))
        narrow = spread / math.sqrt(ahead + 1)
        roots = [math.sqrt(mean) + NormalDist().inv_cdf(level) * narrow for level in levels]
        most = [
            max(before, max(root, 0) ** 2 * (ahead + 1)) for before, root in zip(most, roots, strict=True)
        ]
        table.append(most)
    return table


def _level(recent: Sequence[float], ahead: int) -> float:
    if len(recent) >= SEASON:
        return float(recent[len(recent) - SEASON + ahead % SEASON])
    return fmean(recent[-_LATELY:]) if recent else 0.0


def _spread(recent: Sequence[float]) -> float:
    roots = [math.sqrt(units) for units in recent[-_VARIES_OVER:]]
    if len(roots) < 2:
        return _CHANCE
    middle = fmean(roots)
    return max(math.sqrt(sum((root - middle) ** 2 for root in roots) / (len(roots) - 1)), _CHANCE)

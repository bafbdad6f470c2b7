"""Days on which an article could not be bought, and what would have been bought then.

What was sold while there was no stock says nothing about what was wanted: such a day is filled with what the other
days of its week sold, and a week without any day in stock with the level before it (censored demand, as in Nahmias,
"Demand estimation in lost sales inventory systems", 1994, without his distribution).
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
_WEEK = 7
#: A day in stock may stand for at most so many days of its week.
_MOST = 3.5
#: How fast the level follows the weeks.
_FOLLOWS = 0.2


class StockChange(NamedTuple):
    """A change of what lies on the shelf: on a ``day`` (proleptic ordinal), in order of time."""

    sku: str
    day: int
    quantity: int


class Stockouts:
    """The days without stock of each article. Before its first change an article counts as in stock."""

    def __init__(self, changes: Iterable[StockChange]) -> None:
        self._periods: dict[str, list[tuple[int, int]]] = defaultdict(list)
        level: dict[str, int] = {}
        empty: dict[str, int] = {}
        for change in changes:
            level[change.sku] = level.get(change.sku, 0) + change.quantity
            if level[change.sku] <= 0:
                empty.setdefault(change.sku, change.day + 1)  # something may have been sold on the day itself
            elif change.sku in empty:
                self._periods[change.sku].append((empty.pop(change.sku), change.day))
        for sku, begin in empty.items():
            self._periods[sku].append((begin, 10**7))

    def days(self, skus: tuple[str, ...], *, start: int, weeks: int) -> Array:
        """Whole days without stock, by article and week; the first week begins on day ``start``."""
        found = np.zeros((len(skus), weeks * _WEEK))
        for row, sku in enumerate(skus):
            for begin, end in self._periods.get(sku, ()):
                found[row, max(begin - start, 0) : max(end - start, 0)] = 1
        return found.reshape(len(skus), weeks, _WEEK).sum(2)


def corrected(sold: Array, *, missing: Array, first: Array) -> Array:
    """Units by article and week that would have been sold with stock on every day; at least what was sold.

    A week before the article's first sale stays as it is.
    """
    if not missing.any():
        return sold
    units, level = sold.copy(), np.zeros(len(sold))
    share = np.minimum(_WEEK / np.maximum(_WEEK - missing, 1), _MOST)
    for week in range(sold.shape[1]):
        known = week > first  # before, the level is none
        scaled = sold[:, week] * share[:, week]
        part = missing[:, week] / _WEEK
        filled = np.where(sold[:, week] > 0, scaled, level * part)
        units[:, week] = np.where(missing[:, week] > 0, filled, sold[:, week])
        follows = np.where(missing[:, week] < _WEEK, _FOLLOWS, 0)
        level = np.where(known, follows * units[:, week] + (1 - follows) * level, units[:, week])
    return units

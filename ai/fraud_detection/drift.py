"""Whether orders still look like those that the model learned from: the population stability index."""

from collections import deque
from collections.abc import Sequence

import numpy as np

#: From here on the difference is called large (Siddiqi, Credit Risk Scorecards, 2006).
ALARM = 0.25
BINS = 10
#: Orders that are looked at together, and the fewest that say anything.
WINDOW, LEAST = 2_000, 200
_FLOOR = 1e-4


def bins_of(values: np.ndarray) -> tuple[list[float], list[float]]:
    """Inner edges at the deciles, and the part of ``values`` in each bin; equal edges fall together."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    return edges.tolist(), shares_of(values, edges).tolist()


def shares_of(values: np.ndarray, edges: Sequence[float] | np.ndarray) -> np.ndarray:
    """The part of ``values`` in each bin."""
    places = np.searchsorted(np.asarray(edges), values, "left")
    return np.bincount(places, minlength=len(edges) + 1) / max(len(values), 1)


def psi(expected: Sequence[float] | np.ndarray, actual: Sequence[float] | np.ndarray) -> float:
    """The index: 0 for equal shares, below 0.1 stable, from 0.25 another population."""
    e, a = np.maximum(expected, _FLOOR), np.maximum(actual, _FLOOR)
    return float(((a - e) * np.log(a / e)).sum())


class Drift:
    """Remembers the latest orders and compares them; ``reference`` has edges and shares by name."""

    def __init__(
        self, reference: dict[str, tuple[list[float], list[float]]], *, window: int = WINDOW
    ) -> None:
        self._reference = reference
        self._rows: dict[str, deque[float]] = {name: deque(maxlen=window) for name in reference}

    def observe(self, values: dict[str, float]) -> None:
        """Take one order into account."""
        for name, row in self._rows.items():
            row.append(values[name])

    def indices(self) -> dict[str, float]:
        """The index of each name; empty while there are too few orders."""
        return {
            name: psi(self._reference[name][1], shares_of(np.array(row), self._reference[name][0]))
            for name, row in self._rows.items()
            if len(row) >= LEAST
        }

"""What a list must be beside likely: varied, not the same for everybody, and of things that may be shown."""

from collections import Counter, deque
from collections.abc import Iterable

import numpy as np
import scipy.sparse as sp

from recommendations.interactions import Array

#: How many of the best are looked at for variety.
_DEPTH = 60


def varied(scores: Array, vectors: sp.csr_matrix, *, count: int, relevance: float) -> list[int]:
    """Places of ``count`` articles by maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998).

    ``vectors`` are the rows of the same articles, of length one. With ``relevance`` 1 the order is that of ``scores``.
    """
    depth = np.argsort(-scores, kind="stable")[: max(_DEPTH, count)]
    depth = depth[np.isfinite(scores[depth])]
    if not len(depth):
        return []
    spread = float(scores[depth[0]] - scores[depth[-1]]) or 1.0
    worth = relevance * (scores[depth] - scores[depth[-1]]) / spread
    near = vectors[depth]
    alike = (near @ near.T).toarray()
    nearest = np.zeros(len(depth))
    chosen: list[int] = []
    for _ in range(min(count, len(depth))):
        best = int(np.argmax(worth - (1 - relevance) * nearest))
        chosen.append(int(depth[best]))
        worth[best] = -np.inf
        nearest = np.maximum(nearest, alike[best])
    return chosen


class Exposure:
    """Remembers the latest answers, so that no article is in more than ``cap`` of them; over its cap it goes last.

    Each process counts for itself. Not thread-safe: callers answer on one event loop.
    """

    def __init__(self, *, cap: float, window: int = 1000, least: int = 50) -> None:
        self._cap, self._window, self._least = cap, window, least
        self._answers: deque[tuple[int, ...]] = deque()
        self._count: Counter[int] = Counter()

    def worn(self, items: Array) -> Array:
        """Which of ``items`` have had their share."""
        answers = len(self._answers)
        if answers < self._least:
            return np.zeros(len(items), bool)
        return np.array([self._count[int(item)] >= self._cap * answers for item in items], dtype=bool)

    def record(self, items: Iterable[int]) -> None:
        """Count one answer."""
        answer = tuple(int(item) for item in items)
        self._answers.append(answer)
        self._count.update(answer)
        if len(self._answers) > self._window:
            self._count.subtract(self._answers.popleft())

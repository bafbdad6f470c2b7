"""Recall@20 and NDCG@20 by customer, their confidence, and slices. Recall divides by min(20, size of the truth)."""

from dataclasses import dataclass

import numpy as np

from meshop_shared.ai.figures import Interval
from recommendations.interactions import Array

COUNT = 20
_DISCOUNT = 1 / np.log2(np.arange(2, COUNT + 2))


@dataclass(frozen=True)
class Judged:
    """Figures of one method, by customer."""

    recall: Array
    ndcg: Array
    shown: int

    def means(self, mask: Array | None = None) -> tuple[float, float]:
        """Mean recall and NDCG, of a slice if there is a mask."""
        mask = np.ones(len(self.recall), bool) if mask is None else mask
        return float(self.recall[mask].mean()), float(self.ndcg[mask].mean())


def judge(tops: Array, truth: list[Array]) -> Judged:
    """Compare lists of 20 with what was bought."""
    recall, ndcg = np.zeros(len(truth)), np.zeros(len(truth))
    for row, answer in enumerate(truth):
        hit = np.isin(tops[row], answer)
        best = min(COUNT, len(answer))
        recall[row] = hit.sum() / best
        ndcg[row] = (hit * _DISCOUNT[: len(hit)]).sum() / _DISCOUNT[:best].sum()
    return Judged(recall, ndcg, len(np.unique(tops)))


def bootstrap(
    figures: Array, *, against: Array | None = None, seed: int = 0, samples: int = 1000
) -> Interval:
    """Resample customers; with ``against``, the ratio to another method on the same customers."""
    draws = np.random.default_rng(seed).integers(0, len(figures), (samples, len(figures)))
    means = figures[draws].mean(1)
    value = float(figures.mean())
    if against is not None:
        means = means / np.maximum(against[draws].mean(1), 1e-12)
        value /= max(float(against.mean()), 1e-12)
    low, high = np.quantile(means, (0.025, 0.975))
    return Interval(value, float(low), float(high))

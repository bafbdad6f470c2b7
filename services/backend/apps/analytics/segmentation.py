"""Segments out of recency, frequency and money. Pure: the same customers and seed give the same segments.

RFM scores are quintiles (Hughes, Strategic Database Marketing). Customers are grouped by k-means (Lloyd 1982, seeded
by k-means++: Arthur and Vassilvitskii 2007) on the standardised logarithms of the three numbers; groups get the names
whose profiles of scores they are nearest to, all groups together, so that each name is given once.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: What scores of recency, frequency and money a segment stands for.
PROFILES: dict[str, tuple[float, float, float]] = {
    "champions": (4.8, 4.9, 4.9),
    "loyal": (3.8, 4.0, 4.0),
    "promising": (4.3, 2.0, 2.2),
    "at_risk": (2.0, 3.6, 3.8),
    "hibernating": (2.4, 1.8, 1.8),
    "lost": (1.2, 1.4, 1.5),
}
#: With fewer different customers than this, each gets the name nearest to their own scores.
MIN_CUSTOMERS = 50
_STARTS, _ROUNDS, _CLIP = 8, 100, 3.0


@dataclass(frozen=True, slots=True)
class Segmentation:
    """By customer: scores (n × 3, 1–5) and the name of the segment."""

    scores: Ints
    names: list[str]


def customers_segment(*, recency: Ints, frequency: Ints, monetary: Ints, seed: int = 0) -> Segmentation:
    """Segment customers by days since, number of, and money of their purchases."""
    if not len(recency):
        return Segmentation(np.zeros((0, 3), dtype=np.int64), [])
    scores = np.stack([quintiles(-recency), quintiles(frequency), quintiles(monetary)], axis=1)
    profiles = np.array(list(PROFILES.values()))
    features = standardised(
        np.stack([-np.log1p(recency), np.log1p(frequency), np.log1p(np.maximum(monetary, 0))], axis=1)
    )
    if len(np.unique(features, axis=0)) < MIN_CUSTOMERS:
        nearest = _distances(scores.astype(float), profiles).argmin(axis=1)
    else:
        groups = kmeans(features, clusters=len(PROFILES), seed=seed)
        means = np.array([scores[groups == group].mean(axis=0) for group in range(len(PROFILES))])
        nearest = np.array(_assignment(_distances(means, profiles)))[groups]
    names = list(PROFILES)
    return Segmentation(scores, [names[index] for index in nearest])


def quintiles(values: Ints) -> Ints:
    """Scores from 1 for the lowest fifth to 5 for the highest; equal values get equal scores."""
    below = np.searchsorted(np.sort(values), values, side="right") / len(values)
    return np.ceil(below * 5).astype(np.int64)


def standardised(features: Floats) -> Floats:
    """Columns of mean 0 and deviation 1, what is far out pulled in to three deviations; constant columns are 0."""
    deviation = features.std(axis=0)
    centred = features - features.mean(axis=0)
    return np.clip(centred / np.where(deviation > 0, deviation, 1.0), -_CLIP, _CLIP)


def kmeans(points: Floats, *, clusters: int, seed: int) -> Ints:
    """The best of several runs of Lloyd's algorithm: the group of each point, none of them empty.

    ``points`` must have at least ``clusters`` different rows.
    """
    chance = np.random.default_rng(seed)
    best, lowest = np.zeros(len(points), dtype=np.int64), np.inf
    for _ in range(_STARTS):
        centres = _seeds(points, clusters, chance)
        groups = np.full(len(points), -1)
        for _ in range(_ROUNDS):
            distances = _distances(points, centres)
            moved = distances.argmin(axis=1)
            for group in set(range(clusters)) - set(
                moved.tolist()
            ):  # an empty one takes the point farthest out
                moved[distances[np.arange(len(points)), moved].argmax()] = group
            if np.array_equal(moved, groups):
                break
            groups = moved
            centres = np.array([points[groups == group].mean(axis=0) for group in range(clusters)])
        spread = float(((points - centres[groups]) ** 2).sum())
        if spread < lowest:
            best, lowest = groups, spread
    return best


def _seeds(points: Floats, clusters: int, chance: np.random.Generator) -> Floats:
    centres = [points[chance.integers(len(points))]]
    while len(centres) < clusters:
        distances = _distances(points, np.array(centres)).min(axis=1)
        centres.append(points[chance.choice(len(points), p=distances / distances.sum())])
    return np.array(centres)


def _distances(points: Floats, centres: Floats) -> Floats:
    """Squared distances, points × centres; a column at a time, so that memory is that of the answer."""
    return np.stack([((points - centre) ** 2).sum(axis=1) for centre in centres], axis=1)


def _assignment(costs: Floats) -> tuple[int, ...]:
    """Which name each group gets, for the least cost altogether: there are few enough to try all."""
    rows = np.arange(len(costs))
    return min(permutations(range(len(costs))), key=lambda names: (float(costs[rows, names].sum()), names))

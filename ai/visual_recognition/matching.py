"""How alike two pictures are in detail: local features that say which of several pictures is meant, and whether one
was made from the other.
"""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from visual_recognition.descriptors import Described, Floats, root_features

#: Neighbour whose distance says how common a feature is among the candidates (local NBNN, McCann and Lowe 2012).
_COMMON = 10
#: Pictures most like an upload by colour that are checked for being the same.
CHECKED = 30
_RATIO = 0.8
_LEAST_MATCHES = 8
_INLIER_PX = 3.0
#: Correlation of grey values, aligned, from which two pictures are one, and how much of one of them the other must
#: hold. Copies of all kinds reach 0.997 and 0.9; the most alike of photos of one shelf, a moment apart, 0.993.
SAME_CORRELATION, _HELD = 0.994, 0.88
_LEAST_OVERLAP = 0.35
#: Pictures with fewer features are compared as they lie.
_PLAIN_CORRELATION = 0.99


def local_scores(features: NDArray[np.uint8], candidates: Sequence[NDArray[np.uint8]]) -> Floats:
    """How much of a picture's detail each candidate explains better than most others do; zero or more."""
    counts = np.array([len(one) for one in candidates])
    scores = np.zeros(len(candidates), np.float32)
    with_features = np.flatnonzero(counts).tolist()
    if not len(features) or len(with_features) < 2:
        return scores
    stacked = root_features(np.concatenate([candidates[i] for i in with_features]))
    likeness = stacked @ root_features(features).T
    starts = np.concatenate([[0], np.cumsum(counts[with_features])[:-1]])
    nearest = 2 - 2 * np.maximum.reduceat(likeness, starts, axis=0).T
    common = min(_COMMON, len(with_features) - 1)
    background = np.partition(nearest, common, axis=1)[:, common : common + 1]
    scores[with_features] = np.maximum(background - nearest, 0).sum(axis=0) / len(features)
    return scores


def same_picture(first: Described, second: Described) -> float:
    """Correlation of two pictures once one is turned, scaled and cut to lie on the other; 0 when that cannot be done.

    ``SAME_CORRELATION`` and more: one is a copy of the other. Two photos of one thing are less: their light,
    surroundings and perspective differ.
    """
    aligned = _alignment(first, second)
    if aligned is not None:
        return _correlation(first.thumb, second.thumb, aligned)
    plain = cv2.resize(first.thumb, second.thumb.shape[1::-1], interpolation=cv2.INTER_AREA)
    value = _correlate(plain.ravel(), second.thumb.ravel())
    return value if value >= _PLAIN_CORRELATION else 0.0


def _alignment(first: Described, second: Described) -> NDArray[np.float64] | None:
    if min(len(first.features), len(second.features)) < _LEAST_MATCHES:
        return None
    distance = 2 - 2 * root_features(first.features) @ root_features(second.features).T
    nearest = np.partition(distance, 1, axis=1)[:, :2]
    partner = distance.argmin(axis=1)
    mutual = distance.argmin(axis=0)[partner] == np.arange(len(partner))
    chosen = np.flatnonzero(mutual & (nearest[:, 0] < _RATIO**2 * nearest[:, 1]))
    if len(chosen) < _LEAST_MATCHES:
        return None
    cv2.setRNGSeed(1)
    matrix, inliers = cv2.estimateAffinePartial2D(
        first.points[chosen], second.points[partner[chosen]],
        ransacReprojThreshold=_INLIER_PX, maxIters=500,
    )  # fmt: skip
    if matrix is None or int(inliers.sum()) < _LEAST_MATCHES:
        return None
    return np.asarray(matrix, np.float64)


def _correlation(first: NDArray[np.uint8], second: NDArray[np.uint8], matrix: NDArray[np.float64]) -> float:
    size = second.shape[1::-1]
    moved = cv2.warpAffine(first, matrix, size, flags=cv2.INTER_LINEAR)
    covered = cv2.warpAffine(np.ones_like(first), matrix, size, flags=cv2.INTER_NEAREST) > 0
    scale = abs(float(np.linalg.det(matrix[:, :2])))
    of_first, of_second = covered.sum() / max(scale * first.size, 1.0), covered.mean()
    if min(of_first, of_second) < _LEAST_OVERLAP or max(of_first, of_second) < _HELD:
        return 0.0
    inner = cv2.erode(covered.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0
    blurred = [cv2.GaussianBlur(image, (0, 0), 1.0) for image in (moved, second)]
    return _correlate(blurred[0][inner], blurred[1][inner])


def _correlate(first: NDArray[Any], second: NDArray[Any]) -> float:
    a, b = (values.astype(np.float64) - values.mean() for values in (first, second))
    scale = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / scale) if scale > 1e-6 else 0.0

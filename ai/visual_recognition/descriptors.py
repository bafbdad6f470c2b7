"""What a picture looks like, in numbers: colours of what it shows, and local features for print and texture.

Shop pictures stand on a plain backdrop, customers' photos do not. The backdrop is cut away where there is one; where
there is none, the middle counts most.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from visual_recognition.pictures import Pixels

Floats = NDArray[np.float32]
#: Bins of lightness, a and b (CIE L*a*b*), and the range that they cover.
BINS = (5, 9, 9)
_LOW, _HIGH = np.array([0, -60, -60], np.float32), np.array([100, 70, 80], np.float32)
COLOURS = int(np.prod(BINS))
_SIDE = 128
_THUMB = 96
#: Longer side and number of local features (SIFT; Lowe 2004, as RootSIFT: Arandjelović and Zisserman 2012).
_LOCAL_SIDE, _LOCAL_COUNT = 320, 200
_BACKDROP_DISTANCE, _BACKDROP_SHARE = 8.0, 0.7
#: Grey counts too, but less than colour: what is colourful is rarely floor, shelf or hand.
_GREY_WEIGHT = 10.0
_MIDDLE = 0.2
_WHITE = 245.0


@dataclass(frozen=True, slots=True)
class Described:
    """A picture as it is compared. ``thumb`` is grey, at most 96 on a side; ``points`` are in its pixels."""

    vector: Floats
    """Unit length: roots of the colour histogram, then what the encoder says if there is one."""
    points: Floats
    features: NDArray[np.uint8]
    """SIFT as OpenCV gives it, 128 bytes each."""
    thumb: NDArray[np.uint8]
    palette: Floats
    """Mean L*a*b* and share of the three main colours, largest first: 3 × 4."""


def subject_find(pixels: Pixels) -> tuple[Pixels, NDArray[np.bool_]]:
    """The picture cut to what stands before its backdrop, and which pixels those are; all of it without a backdrop."""
    lab = _lab(pixels)
    edge = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    backdrop = np.median(edge, axis=0)
    whole = np.ones(pixels.shape[:2], bool)
    if (np.linalg.norm(edge - backdrop, axis=1) < _BACKDROP_DISTANCE).mean() < _BACKDROP_SHARE:
        return pixels, whole
    near = (np.linalg.norm(lab - backdrop, axis=2) < _BACKDROP_DISTANCE).astype(np.uint8)
    _, labels = cv2.connectedComponents(near)
    outside = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    subject = ~np.isin(labels, outside[outside > 0])
    if subject.mean() < 0.02:
        return pixels, whole
    rows, columns = np.flatnonzero(subject.any(axis=1)), np.flatnonzero(subject.any(axis=0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return pixels[box], subject[box]


def describe(pixels: Pixels) -> Described:
    """Describe a picture by colour and local features. Deterministic."""
    pixels, subject = subject_find(pixels)
    small = _resize(pixels, _SIDE)
    mask = cv2.resize(subject.astype(np.uint8), small.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    lab = _lab(_brighten(small, mask)).reshape(-1, 3)
    weight = mask.astype(np.float32)
    if mask.mean() > 0.97:
        weight = weight * _middle(*mask.shape)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    histogram = _histogram(lab, (weight.ravel() * (chroma + _GREY_WEIGHT)).astype(np.float32))
    points, features, thumb = _local(pixels)
    return Described(
        vector=np.sqrt(histogram), points=points, features=features, thumb=thumb,
        palette=_palette(_lab(small).reshape(-1, 3), weight.ravel()),
    )  # fmt: skip


def root_features(features: NDArray[np.uint8]) -> Floats:
    """SIFT as unit vectors whose product is the Hellinger kernel."""
    values = features.astype(np.float32)
    return np.sqrt(values / np.maximum(values.sum(axis=1, keepdims=True), 1.0))


def _lab(pixels: Pixels) -> Floats:
    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def _resize(pixels: Pixels, side: int) -> Pixels:
    factor = side / max(pixels.shape[:2])
    size = tuple(max(8, round(length * factor)) for length in pixels.shape[1::-1])
    return np.asarray(
        cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    )


def _brighten(pixels: Pixels, mask: NDArray[np.bool_]) -> Pixels:
    """Stretch the light so that the brightest part of the subject is nearly white, as shop pictures are lit."""
    brightest = float(np.quantile(pixels[mask].max(axis=1), 0.98)) if mask.any() else _WHITE
    return np.clip(pixels.astype(np.float32) * (_WHITE / max(brightest, 60.0)), 0, 255).astype(np.uint8)


def _middle(height: int, width: int) -> Floats:
    rows, columns = np.mgrid[:height, :width]
    distance = (rows / height - 0.5) ** 2 + (columns / width - 0.5) ** 2
    return np.exp(-distance / (2 * _MIDDLE**2)).astype(np.float32)


def _histogram(lab: Floats, weight: Floats) -> Floats:
    """Each pixel is shared out among the eight nearest bins; the sum is one."""
    bins = np.array(BINS)
    place = np.clip((lab - _LOW) / (_HIGH - _LOW) * bins - 0.5, 0, bins - 1)
    below = np.minimum(place.astype(np.int64), bins - 1)
    part = place - below
    filled = np.zeros(COLOURS)
    for corner in np.ndindex(2, 2, 2):
        upper = np.array(corner)
        bin_ = np.minimum(below + upper, bins - 1)
        share = np.where(upper, part, 1 - part).prod(axis=1)
        filled += np.bincount(np.ravel_multi_index(tuple(bin_.T), BINS), weight * share, COLOURS)
    return (filled / max(filled.sum(), 1e-9)).astype(np.float32)


def _local(pixels: Pixels) -> tuple[Floats, NDArray[np.uint8], NDArray[np.uint8]]:
    grey = cv2.cvtColor(_resize(pixels, _LOCAL_SIDE), cv2.COLOR_RGB2GRAY)
    found, features = cv2.SIFT.create(nfeatures=_LOCAL_COUNT, contrastThreshold=0.03).detectAndCompute(
        grey, None
    )
    thumb = np.asarray(cv2.cvtColor(_resize(pixels, _THUMB), cv2.COLOR_RGB2GRAY), np.uint8)
    if not found:
        return np.zeros((0, 2), np.float32), np.zeros((0, 128), np.uint8), thumb
    scale = np.array([thumb.shape[1] / grey.shape[1], thumb.shape[0] / grey.shape[0]])
    points = np.array([one.pt for one in found[:_LOCAL_COUNT]]) * scale
    return points.astype(np.float32), features[:_LOCAL_COUNT].astype(np.uint8), thumb


def _palette(lab: Floats, weight: Floats) -> Floats:
    """The three main colours: cells of a coarse grid, largest first."""
    cell = np.floor((lab - _LOW) / np.array([20, 15, 15])).astype(np.int64)
    cells, index = np.unique(cell, axis=0, return_inverse=True)
    size = np.bincount(index.ravel(), weight, len(cells))
    order = np.argsort(-size, kind="stable")[:3]
    palette = np.zeros((3, 4), np.float32)
    for row, number in enumerate(order):
        inside = index.ravel() == number
        palette[row, :3] = np.average(lab[inside], axis=0, weights=weight[inside] + 1e-9)
        palette[row, 3] = size[number] / max(size.sum(), 1e-9)
    return palette

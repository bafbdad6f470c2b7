"""Telling copies of pictures from other pictures: where to draw the line, and how well it divides."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from visual_recognition.dataset import Pictures
from visual_recognition.descriptors import Described
from visual_recognition.encoder import Describer
from visual_recognition.evaluation import DATASET_LIMITS, Library, Numbers
from visual_recognition.matching import CHECKED, same_picture
from visual_recognition.pictures import Pixels, picture_read

#: Share of the copies that a chosen line may miss among those that it was chosen on.
_MAY_MISS = 0.02


@dataclass(frozen=True)
class Compared:
    """A picture that was looked for: its likeness to its original, and to those of the others that it aligns with.

    ``kind`` is how the copy was made; empty for a picture whose original is not there.
    """

    kind: str
    original: float
    others: tuple[float, ...]


@dataclass(frozen=True)
class Copies:
    """How copies were told from other pictures."""

    precision: float
    recall: float
    by_kind: Mapping[str, float]


COPIES: Mapping[str, Callable[[Pixels], Pixels]] = {
    "crop 15 %": lambda pixels: pixels[
        pixels.shape[0] * 15 // 200 : pixels.shape[0] - pixels.shape[0] * 15 // 200,
        pixels.shape[1] * 15 // 200 : pixels.shape[1] - pixels.shape[1] * 15 // 200,
    ],
    "half the size": lambda pixels: np.asarray(
        cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    ),
    "JPEG 40": lambda pixels: _jpeg(pixels, 40),
    "turned by 5°": lambda pixels: _turned(pixels, 5),
    "all of it": lambda pixels: _jpeg(_turned(pixels[10:-10, 10:-10], -3), 60),
}


def copies_compare(
    library: Library, pictures: Pictures, describer: Describer, *, asked: Sequence[int]
) -> list[Compared]:
    """Look for copies of these pictures, and for the pictures without their originals, among all as the service does.

    Numbers count the iconic pictures first, then the photos. Photos of one shelf must not be taken for each other.
    """
    contents = [*pictures.iconic, *pictures.photos]
    described = [*library.iconic, *library.photos]
    compared = []
    for number in asked:
        pixels = picture_read(contents[number], limits=DATASET_LIMITS)
        for kind, change in COPIES.items():
            likeness = _likeness(describer.describe(change(pixels)), described)
            original = likeness.pop(number, 0.0)
            compared.append(Compared(kind, original, tuple(likeness.values())))
        likeness = _likeness(described[number], described, without=number)
        compared.append(Compared("", 0.0, tuple(likeness.values())))
    return compared


def line_choose(compared: Sequence[Compared]) -> float:
    """The highest line, in thousandths, that misses two in a hundred of these copies at most."""
    originals = np.sort([one.original for one in compared if one.kind])
    return float(np.floor(originals[int(_MAY_MISS * len(originals))] * 1000) / 1000)


def copies_judge(compared: Sequence[Compared], *, line: float) -> Copies:
    """Pictures at least so alike count as one."""
    copies = [one for one in compared if one.kind]
    right = sum(one.original >= line for one in copies)
    wrong = sum(value >= line for one in compared for value in one.others)
    by_kind = {
        kind: float(np.mean([one.original >= line for one in copies if one.kind == kind]))
        for kind in dict.fromkeys(one.kind for one in copies)
    }
    return Copies(right / max(right + wrong, 1), right / len(copies), by_kind)


def numbers_of(library: Library, *, classes: Callable[[int], bool]) -> Numbers:
    """Numbers of the pictures, iconic and photos, of some classes."""
    every = np.concatenate([np.arange(len(library.iconic)), library.classes])
    return np.flatnonzero([classes(int(one)) for one in every])


def _likeness(
    picture: Described, described: Sequence[Described], *, without: int | None = None
) -> dict[int, float]:
    colour = np.array([one.vector for one in described]) @ picture.vector
    if without is not None:
        colour[without] = -1
    nearest = [int(i) for i in np.argsort(-colour, kind="stable")[:CHECKED] if i != without]
    likeness = {i: same_picture(picture, described[i]) for i in nearest}
    return {i: value for i, value in likeness.items() if value > 0}


def _jpeg(pixels: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def _turned(pixels: Pixels, degrees: float) -> Pixels:
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE))

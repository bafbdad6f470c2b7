"""Finding the iconic picture of a photo: figures with intervals over classes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from visual_recognition.dataset import Pictures
from visual_recognition.descriptors import Described, Floats
from visual_recognition.encoder import Describer
from visual_recognition.model import DETAILED, VisualModel, colour_scores, fused_scores, gallery_learn
from visual_recognition.pictures import Limits, picture_read

#: Pictures of a data set are as large as those of strangers.
DATASET_LIMITS = Limits(max_bytes=5_000_000, max_pixels=24_000_000)
_TOP = 10
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Judged:
    """For each photo: its class, and whether the first, one of the first ten, the first one's category is right."""

    classes: Numbers
    hits: Mapping[str, Floats]

    def means(self) -> dict[str, float]:
        """Each figure over all photos."""
        return {name: float(values.mean()) for name, values in self.hits.items()}

    def interval(self, name: str, *, rounds: int = 2_000, seed: int = 1) -> tuple[float, float]:
        """95 % bootstrap interval: classes are drawn, not photos, which within a class are of one shelf."""
        numbers, index = np.unique(self.classes, return_inverse=True)
        sums = np.bincount(index, self.hits[name], len(numbers))
        counts = np.bincount(index, minlength=len(numbers))
        drawn = np.random.default_rng(seed).integers(0, len(numbers), (rounds, len(numbers)))
        means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
        low, high = np.quantile(means, (0.025, 0.975))
        return float(low), float(high)


@dataclass(frozen=True)
class Library:
    """Everything described once."""

    descriptor: str
    iconic: list[Described]
    photos: list[Described]
    classes: Numbers
    categories: list[str]

    def vectors(self) -> Floats:
        """Of the photos, one row each."""
        return np.array([photo.vector for photo in self.photos])


def library_build(pictures: Pictures, describer: Describer) -> Library:
    """Read and describe as the service does."""
    iconic, photos = (
        [describer.describe(picture_read(content, limits=DATASET_LIMITS)) for content in contents]
        for contents in (pictures.iconic, pictures.photos)
    )
    return Library(describer.name, iconic, photos, pictures.classes, pictures.categories)


def ranking(library: Library, photo: Described, model: VisualModel | None) -> tuple[Numbers, Floats]:
    """Classes by likeness, best first, with their scores: as the service ranks."""
    vectors = np.array([one.vector for one in library.iconic])
    colour = colour_scores(photo.vector, vectors, model)
    order = np.argsort(-colour, kind="stable")
    fused = fused_scores(colour[order], photo, [library.iconic[i].features for i in order[:DETAILED]])
    best = np.argsort(-fused, kind="stable")
    return order[best], fused[best]


def _ranked(library: Library, model: VisualModel | None, photo: Described) -> Numbers:
    return ranking(library, photo, model)[0]


def judge(library: Library, *, chosen: Numbers, rank: Callable[[Described], Numbers]) -> Judged:
    """Rank all classes for the chosen photos."""
    categories = np.array(library.categories)
    hits: dict[str, list[float]] = {"top1": [], "recall10": [], "coarse1": []}
    for number in chosen:
        right, found = library.classes[number], rank(library.photos[number])
        hits["top1"].append(float(found[0] == right))
        hits["recall10"].append(float(right in found[:_TOP]))
        hits["coarse1"].append(float(categories[found[0]] == categories[right]))
    return Judged(
        library.classes[chosen], {name: np.array(values, np.float32) for name, values in hits.items()}
    )


def judge_plain(library: Library) -> Judged:
    """One photo and the shop's pictures, nothing else."""
    return judge(library, chosen=np.arange(len(library.photos)), rank=partial(_ranked, library, None))


def judge_normalised(library: Library, *, splits: int = 5, seed: int = 1) -> Judged:
    """Half of the photos, without labels, is the gallery to learn from; the others are judged. Then the other way."""
    parts = []
    for gallery, other in _halves(len(library.photos), splits, seed):
        model = gallery_learn(library.descriptor, library.vectors()[gallery])
        parts.append(judge(library, chosen=other, rank=partial(_ranked, library, model)))
    return Judged(
        np.concatenate([part.classes for part in parts]),
        {name: np.concatenate([part.hits[name] for part in parts]) for name in parts[0].hits},
    )


def judge_histogram(pictures: Pictures) -> Judged:
    """The baseline: likeness of 8 × 8 × 8 RGB histograms of the middle half of each picture."""

    def histogram(content: bytes) -> Floats:
        pixels = picture_read(content, limits=DATASET_LIMITS)
        height, width = pixels.shape[:2]
        middle = pixels[height // 4 : height - height // 4, width // 4 : width - width // 4]
        filled = np.histogramdd(middle.reshape(-1, 3), (8, 8, 8), [(0, 256)] * 3)[0].ravel()
        return (filled / filled.sum()).astype(np.float32)

    iconic = np.array([histogram(content) for content in pictures.iconic])
    categories = np.array(pictures.categories)
    hits: dict[str, list[float]] = {"top1": [], "recall10": [], "coarse1": []}
    for content, right in zip(pictures.photos, pictures.classes, strict=True):
        order = np.argsort(-np.minimum(iconic, histogram(content)).sum(axis=1), kind="stable")
        hits["top1"].append(float(order[0] == right))
        hits["recall10"].append(float(right in order[:_TOP]))
        hits["coarse1"].append(float(categories[order[0]] == categories[right]))
    return Judged(pictures.classes, {name: np.array(values, np.float32) for name, values in hits.items()})


def _halves(count: int, splits: int, seed: int) -> Iterator[tuple[Numbers, Numbers]]:
    chance = np.random.default_rng(seed)
    for _ in range(splits):
        order = chance.permutation(count)
        first, second = order[: count // 2], order[count // 2 :]
        yield first, second
        yield second, first

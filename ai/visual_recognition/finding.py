"""From a described photo to pictures of the shop: shortlist by vector, then details. Pure, without a framework."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from visual_recognition.descriptors import Described, Floats
from visual_recognition.index import Entry, PictureIndex, Shown
from visual_recognition.matching import CHECKED, SAME_CORRELATION, same_picture
from visual_recognition.model import (
    DETAILED,
    SHORTLIST,
    VisualModel,
    categories_vote,
    colour_scores,
    fused_scores,
    lead_of,
)


@dataclass(frozen=True, slots=True)
class Found:
    """Entries, best first, and their scores."""

    entries: list[Entry]
    scores: Floats

    def products(self, limit: int) -> list[tuple[Shown, float]]:
        """Each product once, with its best picture."""
        seen: dict[int, tuple[Shown, float]] = {}
        for entry, score in zip(self.entries, self.scores.tolist(), strict=True):
            for shown in entry.shown:
                seen.setdefault(shown.product_id, (shown, score))
            if len(seen) >= limit:
                break
        return list(seen.values())[:limit]

    def categories(self) -> list[str | None]:
        """Category of each entry: the first product's that it shows."""
        return [entry.shown[0].category for entry in self.entries]

    def votes(self) -> list[tuple[str, float]]:
        """Categories by votes."""
        return categories_vote(self.scores, self.categories())

    def confidence(self, model: VisualModel | None) -> float | None:
        """How far the best category can be trusted; None without a model, or without entries."""
        if model is None or not self.entries:
            return None
        return model.confidence(float(self.scores[0]), lead_of(self.scores, self.categories()))


def find(index: PictureIndex, photo: Described, model: VisualModel | None) -> Found:
    """Rank the shop's pictures for a photo. A model of another way of describing is left out by the caller."""
    query = photo.vector if model is None else model.centred(photo.vector)
    entries = index.nearest(query, count=SHORTLIST)
    if not entries:
        return Found([], np.zeros(0, np.float32))
    vectors = np.array([entry.described.vector for entry in entries])
    colour = colour_scores(photo.vector, vectors, model)
    order = np.argsort(-colour, kind="stable")
    ranked = [entries[i] for i in order]
    fused = fused_scores(colour[order], photo, [entry.described.features for entry in ranked[:DETAILED]])
    best = np.argsort(-fused, kind="stable")
    return Found([ranked[i] for i in best], fused[best])


def copies_of(entries: Sequence[Entry], picture: Described) -> list[tuple[Entry, float]]:
    """Entries that the picture is a copy of, most alike first, of the first :data:`CHECKED`."""
    likeness = [(entry, same_picture(picture, entry.described)) for entry in entries[:CHECKED]]
    found = [(entry, min(value, 1.0)) for entry, value in likeness if value >= SAME_CORRELATION]
    return sorted(found, key=lambda one: (-one[1], one[0].file))

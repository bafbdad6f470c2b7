"""Words that customers use and the catalogue does not, beside words of the catalogue that mean much the same.

A vector of one word says what it is about, not that both can stand for each other: these are proposals, for people.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from meshop_shared.embeddings.port import TextEncoder
from semantic_search.catalogue import Catalogue, Vectors

#: Cosine from which a pair is worth a look.
_LEAST = 0.6
#: Words that begin alike are read as slips by the search engines already; vectors of crumbs agree with them, too.
_SAME_START = 3
_VOCABULARY = 5_000
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Pair:
    """``word`` of the text with this number, which no product has, and a word that products have."""

    text: int
    word: str
    known: str
    score: float


class Synonyms:
    """Keeps vectors of the catalogue's words between questions. One question at a time."""

    def __init__(self, *, catalogue: Catalogue, encoder: TextEncoder) -> None:
        self._catalogue, self._encoder = catalogue, encoder
        self._vectors: dict[str, Vectors] = {}

    def propose(self, texts: Sequence[str]) -> list[Pair]:
        """For texts that have exactly one word which no product has: the word of the catalogue nearest to it.

        With that word in its place, some product must have every word of the text.
        """
        asked = {
            number: word for number, text in enumerate(texts) if (word := self._unknown(text)) is not None
        }
        known = [word for word in self._catalogue.common_words(_VOCABULARY) if self._means_something(word)]
        if not asked or not known:
            return []
        words = sorted(set(asked.values()))
        likeness = self._encoded(words) @ self._encoded(known).T
        self._vectors = {word: self._vectors[word] for word in known}
        best = {word: self._best(word, known, row) for word, row in zip(words, likeness, strict=True)}
        return [
            Pair(number, word, *found)
            for number, word in asked.items()
            if (found := best[word]) is not None and self._finds(texts[number], word, found[0])
        ]

    def _unknown(self, text: str) -> str | None:
        strange = [word for word in re.findall(r"\w+", text.lower()) if not self._catalogue.has(word)]
        return strange[0] if len(strange) == 1 and self._means_something(strange[0]) else None

    def _means_something(self, word: str) -> bool:
        return len(word) > _SAME_START and word.isalpha() and self._encoder.knows(word)

    @staticmethod
    def _best(word: str, known: list[str], row: Vectors) -> tuple[str, float] | None:
        for number in np.argsort(-row, kind="stable"):
            if row[number] < _LEAST:
                return None
            if known[number][:_SAME_START] != word[:_SAME_START]:
                return known[number], float(row[number])
        return None

    def _finds(self, text: str, word: str, known: str) -> bool:
        return self._catalogue.has_all(re.sub(rf"\b{re.escape(word)}\b", known, text.lower()))

    def _encoded(self, words: list[str]) -> Vectors:
        missing = [word for word in words if word not in self._vectors]
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            self._vectors |= dict(zip(batch, self._encoder.encode(batch), strict=True))
        return np.array([self._vectors[word] for word in words], np.float32)

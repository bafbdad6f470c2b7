"""The encoder of last resort: words and their parts, hashed. Alike are texts that share letters, not meaning."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

_WORD = re.compile(r"\w+")
_PART = 3


class HashingEncoder:
    """Signed feature hashing (Weinberger et al., 2009) of words and of their three-letter parts.

    A word weighs 1 + log of its count; its parts share half a word, so that spellings of one word stay near each other.
    """

    def __init__(self, *, dimensions: int) -> None:
        self.name = f"hashing-{dimensions}"
        self._dimensions = dimensions

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """One row for each text, of length 1; zeros for a text without words."""
        vectors = np.zeros((len(texts), self._dimensions), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for feature, weight in _features(text):
                place, sign = self._place(feature)
                row[place] += sign * weight
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(lengths > 0, lengths, 1)

    def knows(self, word: str) -> bool:
        """Letters mean nothing here."""
        return False

    def _place(self, feature: str) -> tuple[int, int]:
        number = int.from_bytes(hashlib.blake2b(feature.encode(), digest_size=8).digest(), "big")
        return number // 2 % self._dimensions, 1 - 2 * (number % 2)


def _features(text: str) -> Iterator[tuple[str, float]]:
    for word, count in Counter(_WORD.findall(text.lower())).items():
        weight = float(1 + np.log(count))
        yield f"w{word}", weight
        marked = f"<{word}>"
        parts = [marked[at : at + _PART] for at in range(max(1, len(marked) - _PART + 1))]
        for part in parts:
            yield f"p{part}", weight / 2 / len(parts)

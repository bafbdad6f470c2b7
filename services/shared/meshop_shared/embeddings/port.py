"""What turns texts into vectors, whoever does it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from meshop_shared.embeddings.hashing import HashingEncoder
from meshop_shared.embeddings.minilm import UNITS, MiniLmEncoder

DIMENSIONS = UNITS


class TextEncoder(Protocol):
    """Vectors of length 1 whose dot product says how alike two texts are; the same text gives the same vector,
    but for the last digits, which depend on what it is encoded together with.
    """

    @property
    def name(self) -> str:
        """Which encoder this is: vectors of another name are not comparable."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """One row of :data:`DIMENSIONS` float32 for each text, in their order; zeros for a text without words."""

    def knows(self, word: str) -> bool:
        """Whether the vector of this word says what it means, and not only how it is spelt."""


def text_encoder(folder: Path | None, *, threads: int = 0) -> TextEncoder:
    """MiniLM from the folder that ``python -m meshop_shared.embeddings.export`` made; without one, hashing.

    ``threads`` bounds what one call uses; 0 takes every core. Raises ``FileNotFoundError`` when the folder is not such.
    """
    if folder is None:
        return HashingEncoder(dimensions=DIMENSIONS)
    return MiniLmEncoder(folder, threads=threads)

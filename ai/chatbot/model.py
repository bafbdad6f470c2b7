"""The classifier of intents that is trained, stored and served. No framework, no clock: same input, same output."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chatbot.language import masked

Array = npt.NDArray[np.float64]
_WORDS, _STEM = (1, 2, 3), 5


def features_of(words: Sequence[str]) -> list[str]:
    """Runs of one to three words, with the ends of the message, and what words begin with."""
    padded = ["^", *words, "$"]
    found = [
        " ".join(padded[at : at + size])
        for size in _WORDS
        for at in range(len(padded) - size + 1)
        if size > 1 or padded[at] not in "^$"
    ]
    found += [f"~{word[:_STEM]}" for word in words if len(word) >= _STEM]
    return found


@dataclass(frozen=True)
class Understood:
    """What a message probably wants, and how sure that is (0 to 1)."""

    intent: str
    sureness: float
    second: str = ""


class IntentModel:
    """A linear classifier over TF-IDF of words, runs of words and their stems; scores become shares by softmax.

    ``known`` are the words that are kept when a message is masked; they belong to the weights.
    """

    def __init__(
        self, *, intents: Sequence[str], known: Sequence[str], names: Sequence[str], idf: Array, weights: Array,
        bias: Array,
    ) -> None:  # fmt: skip
        self.intents, self._known = tuple(intents), frozenset(known)
        self._names, self._idf, self._weights, self._bias = tuple(names), idf, weights, bias
        self._places = {name: place for place, name in enumerate(self._names)}

    def understand(self, text: str) -> Understood:
        """Classify one message."""
        return self.understand_words(masked(text, self._known))

    def understand_words(self, words: Sequence[str]) -> Understood:
        """Classify masked words."""
        scores = self._bias.copy()
        counts = Counter(
            place for name in features_of(words) if (place := self._places.get(name)) is not None
        )
        if counts:
            places = np.array(list(counts))
            values = (1 + np.log(np.array(list(counts.values()), dtype=np.float64))) * self._idf[places]
            scores += (values / np.linalg.norm(values)) @ self._weights[places]
        likely = np.exp(scores - scores.max())
        likely /= likely.sum()
        first, second = np.argsort(-likely)[:2]
        return Understood(self.intents[first], float(likely[first]), self.intents[second])

    def dumps(self) -> bytes:
        """The artefact: arrays only. The same model gives the same bytes."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {
            "intents": np.array(self.intents), "known": np.array(sorted(self._known)),
            "names": np.array(self._names), "idf": self._idf.astype(np.float32),
            "weights": self._weights.astype(np.float32), "bias": self._bias.astype(np.float32),
        }  # fmt: skip
        np.savez(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def loads(cls, content: bytes) -> "IntentModel":
        """Read :meth:`dumps`. Raises ``ValueError`` or ``KeyError`` for anything else."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return cls(
                intents=[str(name) for name in arrays["intents"]],
                known=[str(word) for word in arrays["known"]],
                names=[str(name) for name in arrays["names"]],
                idf=arrays["idf"].astype(np.float64),
                weights=arrays["weights"].astype(np.float64),
                bias=arrays["bias"].astype(np.float64),
            )


class NearestPhrasing:
    """The baseline: the intent of the committed phrasing that shares most words with the message (FAQ retrieval)."""

    def __init__(self, examples: Sequence[tuple[str, Sequence[str]]], known: frozenset[str]) -> None:
        self._known = known
        self._intents = [intent for intent, _ in examples]
        self._sets = [frozenset(words) for _, words in examples]
        self._holders: dict[str, list[int]] = {}
        for number, words in enumerate(self._sets):
            for word in words:
                self._holders.setdefault(word, []).append(number)

    def understand(self, text: str) -> Understood:
        """Classify one message."""
        return self.understand_words(masked(text, self._known))

    def understand_words(self, words: Sequence[str]) -> Understood:
        """Likeness is shared words by all words (Jaccard); the first of equals."""
        asked = frozenset(words)
        shared = Counter(number for word in asked for number in self._holders.get(word, ()))
        best, likeness = 0, 0.0
        for number, common in shared.items():
            value = common / (len(asked) + len(self._sets[number]) - common)
            if (value, -number) > (likeness, -best):
                best, likeness = number, value
        return Understood(self._intents[best], likeness)

"""Where described pictures of the shop are kept: a port, and its form in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from visual_recognition.descriptors import Described, Floats


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of one product; several products may show the same file."""

    image_id: int
    product_id: int
    category: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the shop, whom it shows, and what it looks like."""

    file: str
    shown: tuple[Shown, ...]
    described: Described


class PictureIndex(Protocol):
    """Entries by file. One writer; readers at any time see whole entries."""

    def files(self) -> Mapping[str, tuple[Shown, ...]]:
        """What is kept."""

    def put(self, entries: Sequence[Entry]) -> None:
        """Add entries or replace those of the same files."""

    def reshow(self, shown: Mapping[str, tuple[Shown, ...]]) -> None:
        """Change whom files show."""

    def drop(self, files: Sequence[str]) -> None:
        """Forget files; unknown ones are ignored."""

    def nearest(self, vector: Floats, *, count: int) -> list[Entry]:
        """Entries with the largest product with ``vector``, largest first."""


class MemoryIndex:
    """A matrix in this process, made anew when it changes. 40 kB for each picture."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._view: tuple[list[Entry], Floats] = ([], np.zeros((0, 0), np.float32))

    def files(self) -> Mapping[str, tuple[Shown, ...]]:
        """What is kept."""
        return {file: entry.shown for file, entry in self._entries.items()}

    def put(self, entries: Sequence[Entry]) -> None:
        """Add or replace."""
        self._entries.update((entry.file, entry) for entry in entries)
        self._refresh()

    def reshow(self, shown: Mapping[str, tuple[Shown, ...]]) -> None:
        """Change whom files show."""
        self.put([Entry(file, whom, self._entries[file].described) for file, whom in shown.items()])

    def drop(self, files: Sequence[str]) -> None:
        """Forget."""
        for file in files:
            self._entries.pop(file, None)
        self._refresh()

    def nearest(self, vector: Floats, *, count: int) -> list[Entry]:
        """By one product with the whole matrix."""
        entries, matrix = self._view
        if not entries:
            return []
        scores = matrix @ vector
        count = min(count, len(entries))
        chosen = np.argpartition(-scores, count - 1)[:count]
        return [entries[i] for i in chosen[np.argsort(-scores[chosen], kind="stable")]]

    def _refresh(self) -> None:
        entries = list(self._entries.values())
        self._view = (entries, np.array([entry.described.vector for entry in entries], np.float32))

"""Telling whoever waits how far a long command is."""

import sys
import time
from typing import IO, Any, Self

from tqdm import tqdm

PLAIN_EVERY_S = 5.0


class Progress:
    """A bar on a terminal, a line every few seconds elsewhere (logs, pipes). Writes to standard error."""

    def __init__(self, *, label: str, total: int | None, unit: str, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stderr
        self._label, self._total, self._unit = label, total, unit
        self._done = 0
        self._said = time.monotonic()
        self._bar: Any = None
        if self._stream.isatty():
            self._bar = tqdm(total=total, desc=label, unit=unit, file=self._stream, unit_scale=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._done:
            self._say()

    def advance(self, amount: int) -> None:
        """Note that ``amount`` more are done."""
        self._done += amount
        if self._bar is not None:
            self._bar.update(amount)
        elif time.monotonic() - self._said >= PLAIN_EVERY_S:
            self._say()

    def _say(self) -> None:
        self._said = time.monotonic()
        of = f" of {self._total:,}" if self._total else ""
        self._stream.write(f"{self._label}: {self._done:,}{of} {self._unit}\n")
        self._stream.flush()

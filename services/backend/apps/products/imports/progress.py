"""Telling whoever waits how far a long command is."""

import sys
import time
from typing import IO, Any, Self

from tqdm import tqdm

PLAIN_EVERY_S = 5.0


class Progress:
    """A bar on a terminal, a line every few seconds elsewhere (logs, pipes). Writes to standard error.

    Measured by things done of ``total``, or by the position in a file of ``size`` bytes when nobody knows how many
    things there are.
    """

    def __init__(
        self,
        *,
        label: str,
        unit: str,
        total: int | None = None,
        size: int | None = None,
        stream: IO[str] | None = None,
    ) -> None:
        self._stream = stream or sys.stderr
        self._label, self._unit, self._by_position = label, unit, size is not None
        self._end = size if size is not None else total
        self._done, self._at, self._said = 0, 0, time.monotonic()
        self._bar: Any = None
        if self._stream.isatty():
            bar_unit = "B" if self._by_position else f" {unit}"
            self._bar = tqdm(total=self._end, desc=label, unit=bar_unit, file=self._stream, unit_scale=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._done:
            self._say()

    def advance(self, amount: int, position: int | None = None) -> None:
        """Note that ``amount`` more are done, and how far into the file we are."""
        self._done += amount
        before, self._at = self._at, self._done if position is None else position
        if self._bar is not None:
            if self._by_position:
                self._bar.set_postfix_str(f"{self._done:,} {self._unit}", refresh=False)
            self._bar.update(self._at - before)
        elif time.monotonic() - self._said >= PLAIN_EVERY_S:
            self._say()

    def _say(self) -> None:
        self._said = time.monotonic()
        share = f", {100 * self._at // self._end} %" if self._end else ""
        self._stream.write(f"{self._label}: {self._done:,} {self._unit}{share}\n")
        self._stream.flush()

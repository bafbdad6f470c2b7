"""The file of rejected lines, kept in step with the checkpoint."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from apps.products.imports.errors import ImportFailed
from apps.products.imports.records import Rejection

HEADER = ("line", "reason", "detail")


class RejectsFile:
    """CSV of line, reason and detail. Created with the first rejection, so a clean import leaves no file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def can_resume(self, size: int) -> bool:
        """Whether the first ``size`` bytes, which an interrupted run vouched for, are still there."""
        return size == 0 or (self.path.is_file() and self.path.stat().st_size >= size)

    def rewind(self, size: int) -> None:
        """Keep only the first ``size`` bytes; with 0 there is no file."""
        try:
            if self._file is not None:
                self._file.close()
                self._file = None
            if size == 0:
                self.path.unlink(missing_ok=True)
            else:
                os.truncate(self.path, size)
        except OSError as error:
            raise self._failed(error) from error

    def write(self, rejections: Iterable[Rejection]) -> None:
        """Append, in the order given."""
        rows: list[tuple[object, ...]] = [(item.line, item.reason, item.detail) for item in rejections]
        if not rows:
            return
        try:
            if self._file is None:
                new = not self.path.exists()
                self._file = self.path.open("a", encoding="utf-8", errors="backslashreplace", newline="")
                rows = [HEADER, *rows] if new else rows
            csv.writer(self._file).writerows(rows)
        except OSError as error:
            raise self._failed(error) from error

    def sync(self) -> int:
        """Make what was written durable; return the size of the file."""
        if self._file is None:
            return self.path.stat().st_size if self.path.exists() else 0
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failed(error) from error
        return os.fstat(self._file.fileno()).st_size

    def _failed(self, error: OSError) -> ImportFailed:
        return ImportFailed(
            f"The rejected lines cannot be written to {self.path} ({error.strerror or error})."
        )

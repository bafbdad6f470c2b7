"""The file to import: plain or gzip, CSV or JSON lines, read line by line with bounded memory."""

import csv
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from apps.products.imports.errors import SourceUnusable

#: Longer lines are rejected unread: nothing in a catalogue needs them, and memory stays bounded.
MAX_LINE = 1_000_000
_GZIP_MAGIC = b"\x1f\x8b"
_DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error)


class Format(StrEnum):
    """Formats that the import reads; ``docs/catalog-import.md`` describes them."""

    MESHOP_CSV = "meshop-csv"
    MESHOP_JSONL = "meshop-jsonl"
    ONLINE_RETAIL = "online-retail"
    FLIPKART = "flipkart"


MESHOP_REQUIRED = frozenset({"sku", "name", "price"})
_RETAIL_COLUMNS = frozenset({"Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price"})
_FLIPKART_COLUMNS = frozenset({"pid", "product_name", "product_category_tree", "product_specifications"})


@dataclass(slots=True)
class RawRecord:
    """One record as it stands in the file; ``problem`` names what made it unreadable."""

    line: int
    cells: list[str]
    problem: str = ""


class _LineTooLong(csv.Error):
    pass


class _Lines(Iterator[str]):
    """Lines of bounded length, counted. A longer one raises once and is skipped to its end."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.number = 0

    def __next__(self) -> str:
        line = self._stream.readline(MAX_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            while (rest := self._stream.readline(MAX_LINE)) and not rest.endswith(("\n", "\r")):
                pass
            raise _LineTooLong("line too long")
        return line


class Source:
    """A file on disk and the format it is in."""

    def __init__(self, path: Path, *, wanted: str = "auto") -> None:
        """Look at the beginning of ``path``. Raises :class:`SourceUnusable`."""
        self.path = path
        self.position = 0
        try:
            if not path.is_file():
                raise SourceUnusable(f"There is no file {path}.")
            self.size = path.stat().st_size
        except OSError as error:
            raise SourceUnusable(f"{path} cannot be read ({_sentence(error)}).") from error
        try:
            with self._open() as stream:
                lines = _Lines(stream)
                first = next((line for line in lines if line.strip()), "")
            header = [] if first.lstrip().startswith("{") else next(csv.reader([first]), [])
        except csv.Error as error:
            raise SourceUnusable(f"{path} does not begin with a header line.") from error
        self.columns = [column.strip() for column in header]
        self.format = self._format(first, wanted)

    def _format(self, first: str, wanted: str) -> Format:
        found = _detect(first, set(self.columns))
        if found is None:
            raise SourceUnusable(
                f"{self.path} is in no format that this import knows: its first line names neither the columns of "
                "the shop's own format (sku, name, price ...) nor those of Online Retail or Flipkart."
            )
        name = "meshop" if found in (Format.MESHOP_CSV, Format.MESHOP_JSONL) else found.value
        if wanted not in ("auto", name):
            raise SourceUnusable(f"{self.path} looks like {name}, not like {wanted}.")
        return found

    @contextmanager
    def _open(self) -> Iterator[IO[str]]:
        """Text of the file, decompressed. Bytes that are not UTF-8 survive as surrogates, to be rejected by line."""
        try:
            with self.path.open("rb") as raw:
                self._raw = raw
                packed = raw.read(2) == _GZIP_MAGIC
                raw.seek(0)
                binary = gzip.GzipFile(fileobj=raw) if packed else raw
                yield TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")
        except _DAMAGED as error:
            raise SourceUnusable(
                f"{self.path} is damaged ({_sentence(error)}); what was imported before stays."
            ) from error
        except OSError as error:
            raise SourceUnusable(f"{self.path} cannot be read ({_sentence(error)}).") from error

    def digest(self) -> str:
        """SHA-256 of the bytes on disk."""
        try:
            with self.path.open("rb") as raw:
                return hashlib.file_digest(raw, "sha256").hexdigest()
        except OSError as error:
            raise SourceUnusable(f"{self.path} cannot be read ({_sentence(error)}).") from error

    def records(self) -> Iterator[RawRecord]:
        """Every record after the header; ``line`` is where it begins in the file, from 1."""
        with self._open() as stream:
            lines = _Lines(stream)
            yield from (
                self._json_records(lines) if self.format == Format.MESHOP_JSONL else self._csv_records(lines)
            )

    def _json_records(self, lines: _Lines) -> Iterator[RawRecord]:
        while True:
            try:
                line = next(lines)
            except StopIteration:
                return
            except _LineTooLong:
                yield RawRecord(lines.number, [], "line_too_long")
                continue
            self.position = self._raw.tell()
            if line.strip():
                yield _checked(lines.number, [line])

    def _csv_records(self, lines: _Lines) -> Iterator[RawRecord]:
        reader = csv.reader(lines)
        header_seen = False
        width = len(self.columns)
        while True:
            start = lines.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except _LineTooLong:
                yield RawRecord(start, [], "line_too_long")
                continue
            except csv.Error:
                yield RawRecord(start, [], "malformed_csv")
                continue
            self.position = self._raw.tell()
            if not cells:
                continue
            if not header_seen:
                header_seen = True
            elif len(cells) != width:
                yield RawRecord(start, cells, "wrong_number_of_columns")
            else:
                yield _checked(start, cells)


def _checked(line: int, cells: list[str]) -> RawRecord:
    text = "".join(cells)
    if text.isascii():
        return RawRecord(line, cells, "null_byte" if "\0" in text else "")
    try:
        text.encode()
    except UnicodeEncodeError:
        return RawRecord(line, cells, "not_utf8")
    return RawRecord(line, cells, "null_byte" if "\0" in text else "")


def _detect(first: str, columns: set[str]) -> Format | None:
    if first.lstrip().startswith("{"):
        try:
            keys = json.loads(first)
        except ValueError:
            keys = None
        # A broken first object is a rejected line, not an unknown format.
        return Format.MESHOP_JSONL if keys is None or "sku" in keys else None
    if columns >= _RETAIL_COLUMNS:
        return Format.ONLINE_RETAIL
    if columns >= _FLIPKART_COLUMNS:
        return Format.FLIPKART
    return Format.MESHOP_CSV if columns >= MESHOP_REQUIRED else None


def _sentence(error: BaseException) -> str:
    return str(error) or type(error).__name__

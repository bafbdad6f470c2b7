"""Invoice lines on their way into orders, kept by PostgreSQL, so that no file is too long for our memory."""

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from django.db import connection

from apps.orders.imports import statements
from apps.products.imports.copying import copy_rows
from apps.products.imports.retail.lines import RetailLine

BATCH = 10_000


@dataclass(frozen=True, slots=True)
class StagedCounts:
    """Invoices and their lines, and how many of them are orders already."""

    invoices: int
    lines: int
    known_invoices: int
    known_lines: int


class LineStage:
    """Collects lines in a temporary table of this connection, then groups them to invoices."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def __enter__(self) -> Self:
        with connection.cursor() as cursor:
            cursor.execute(statements.CREATE_LINES)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is None:  # after an error the connection may be unusable, and the tables end with it anyway
            with connection.cursor() as cursor:
                cursor.execute(statements.DROP_LINES)

    def add(self, line: RetailLine) -> None:
        """Keep one line."""
        self._rows.append(
            (
                line.line, line.kind.value, line.invoice, line.code, line.description or line.code, line.quantity,
                line.price_minor, line.placed_at, line.customer, line.country,
            )
        )  # fmt: skip
        if len(self._rows) >= BATCH:
            self._flush()

    def group(self) -> StagedCounts:
        """Group all lines to invoices and compare with the orders of the shop."""
        self._flush()
        with connection.cursor() as cursor:
            cursor.execute(statements.CREATE_INVOICES)
            cursor.execute(statements.COUNT_INVOICES)
            return StagedCounts(*cursor.fetchone())

    def _flush(self) -> None:
        if self._rows:
            with connection.cursor() as cursor:
                copy_rows(cursor, statements.COPY_LINES, self._rows)
            self._rows.clear()

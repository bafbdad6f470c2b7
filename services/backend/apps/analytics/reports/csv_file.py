"""Reports as CSV (RFC 4180, UTF-8), for machines and spreadsheets."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.analytics.reports.rows import Column, ReportRows
from meshop_shared.money import minor_to_decimal_string

#: A spreadsheet takes text that begins so for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_write(rows: ReportRows, file: Path, progress: Callable[[int], None]) -> None:
    """Write all rows; the first line names the columns, money is in decimal notation."""
    columns, currency = rows.layout.columns, rows.report.currency
    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output)
        writer.writerow([*(column.name for column in columns), "currency"])
        for page in rows.pages():
            writer.writerows([*_cells(columns, row, currency), currency] for row in page)
            progress(len(page))


def _cells(columns: tuple[Column, ...], row: tuple[Any, ...], currency: str) -> list[Any]:
    return [_cell(column, value, currency) for column, value in zip(columns, row, strict=True)]


def _cell(column: Column, value: Any, currency: str) -> Any:
    if column.kind == "money":
        return minor_to_decimal_string(int(value), currency)
    if column.kind == "text":
        return f"'{value}" if value.startswith(_FORMULA) else value
    return value

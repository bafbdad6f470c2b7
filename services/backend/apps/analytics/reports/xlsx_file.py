"""Reports as workbooks, with a chart. Written row by row, so memory does not grow with the report."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from apps.analytics.reports.rows import Column, ReportRows
from meshop_shared.money import currency_exponent

#: Excel takes 1,048,576 rows to a sheet.
SHEET_ROWS = 1_000_000
_CONTROL = dict.fromkeys(code for code in range(32) if code not in (9, 10, 13))


def xlsx_write(rows: ReportRows, file: Path, progress: Callable[[int], None]) -> None:
    """Write all rows to ``Data``, ``Data 2`` …, and the period's sales to ``Chart``. Text is never a formula."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(file.parent),
    }
    with xlsxwriter.Workbook(str(file), options) as book:
        book.set_properties({"title": rows.layout.title, "created": datetime(2000, 1, 1)})  # noqa: DTZ001 - no clock
        formats = _formats(book, rows.report.currency)
        sheet, line = _sheet(book, "Data", rows.layout.columns, formats), 0
        for page in rows.pages():
            for row in page:
                if line == SHEET_ROWS:
                    number = len(book.worksheets()) + 1
                    sheet, line = _sheet(book, f"Data {number}", rows.layout.columns, formats), 0
                line += 1
                _row(sheet, line, rows.layout.columns, row, rows.report.currency, formats)
            progress(len(page))
        _chart(book, rows, formats)


def _formats(book: Workbook, currency: str) -> dict[str, Any]:
    places = currency_exponent(currency)
    money = f"#,##0.{'0' * places}" if places else "#,##0"
    return {
        "head": book.add_format({"bold": True}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "count": book.add_format({"num_format": "#,##0"}),
        "money": book.add_format({"num_format": money}),
        "text": None,
    }


def _sheet(book: Workbook, name: str, columns: tuple[Column, ...], formats: dict[str, Any]) -> Worksheet:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for index, column in enumerate(columns):
        sheet.set_column(index, index, 40 if column.name == "name" else 14)
        sheet.write_string(0, index, column.title, formats["head"])
    return sheet


def _row(
    sheet: Worksheet,
    line: int,
    columns: tuple[Column, ...],
    row: tuple[Any, ...],
    currency: str,
    formats: dict[str, Any],
) -> None:
    for index, (column, value) in enumerate(zip(columns, row, strict=True)):
        if column.kind == "text":
            sheet.write_string(line, index, value.translate(_CONTROL))
        elif column.kind == "day":
            sheet.write_datetime(line, index, value, formats["day"])
        else:
            places = currency_exponent(currency) if column.kind == "money" else 0
            sheet.write_number(line, index, int(value) / 10**places, formats[column.kind])


def _chart(book: Workbook, rows: ReportRows, formats: dict[str, Any]) -> None:
    """Sales and what is left of them, over the period."""
    sheet = book.add_worksheet("Chart")
    places = 10 ** currency_exponent(rows.report.currency)
    for index, title in enumerate((rows.step.capitalize(), "Total", "Net", "Orders")):
        sheet.write_string(0, index, title, formats["head"])
    for line, point in enumerate(rows.series, 1):
        sheet.write_datetime(line, 0, point.at, formats["day"])
        sheet.write_number(line, 1, point.total / places, formats["money"])
        sheet.write_number(line, 2, point.net / places, formats["money"])
        sheet.write_number(line, 3, point.orders, formats["count"])
    last = max(1, len(rows.series))
    chart = book.add_chart({"type": "line"})
    for index, name in ((1, "Total"), (2, "Net")):
        chart.add_series(
            {
                "name": name,
                "categories": ["Chart", 1, 0, last, 0],
                "values": ["Chart", 1, index, last, index],
            }
        )
    chart.set_title({"name": f"Sales per {rows.step}, {rows.report.currency}"})
    chart.set_size({"width": 900, "height": 420})
    sheet.insert_chart("F2", chart)

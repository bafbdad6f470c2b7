"""Rows of reports: gathered once, into a table of this connection, then read page by page.

Gathering is one statement, so a report shows one moment however long its files take; paging keeps memory at one page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import Any, Literal, Self

from django.db import connection

from apps.analytics.models import SalesReport

PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a report: its name in files for machines, and what its values are. Money is in minor units."""

    name: str
    kind: Literal["text", "day", "count", "money"] = "count"

    @property
    def title(self) -> str:
        """What people read above it."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of report: title, columns, and the statement of its rows in their order."""

    title: str
    columns: tuple[Column, ...]
    statement: str


def _columns(**groups: str) -> dict[str, Column]:
    """Columns by kind, in the order in which they are written."""
    return {name: Column(name, kind) for kind, names in groups.items() for name in names.split()}  # type: ignore[arg-type]


_PERIOD = "day BETWEEN %(start)s AND %(end)s AND currency = %(currency)s"
_SOLD = """sum(s.lines) AS orders, sum(s.units) AS units, sum(s.revenue_minor) AS revenue,
    sum(s.returned_units) AS returned_units, sum(s.returned_minor) AS returned"""
_SOLD_COLUMNS = _columns(count="orders units", money="revenue") | _columns(
    count="returned_units", money="returned"
)

LAYOUTS: dict[str, Layout] = {
    SalesReport.Kind.SALES: Layout(
        "Sales by day",
        tuple((
            _columns(day="day", count="orders units", money="subtotal shipping tax discount total")
            | _columns(count="refunds", money="refunded credited net")
            | _columns(count="placed_orders cancelled_orders")
        ).values()),
        f"""SELECT day, orders, units, subtotal_minor, shipping_minor, tax_minor, discount_minor, total_minor,
            refunds, refunded_minor, credited_minor, total_minor - refunded_minor - credited_minor, placed_orders,
            cancelled_orders
        FROM analytics_dailysales WHERE {_PERIOD} ORDER BY day""",  # noqa: S608
    ),
    SalesReport.Kind.PRODUCTS: Layout(
        "Sales by article",
        tuple((_columns(text="sku name") | _SOLD_COLUMNS).values()),
        f"""SELECT a.sku, a.name, {_SOLD} FROM analytics_productanalytics s
        JOIN analytics_soldarticle a ON a.id = s.article_id WHERE {_PERIOD}
        GROUP BY a.id ORDER BY revenue DESC, a.sku""",  # noqa: S608
    ),
    SalesReport.Kind.CATEGORIES: Layout(
        "Sales by category, each with those below it",
        tuple((_columns(text="category slug") | _SOLD_COLUMNS).values()),
        f"""SELECT coalesce(c.name, '(none)'), coalesce(c.slug, ''), {_SOLD} FROM analytics_categoryanalytics s
        LEFT JOIN products_category c ON c.id = s.category_id WHERE {_PERIOD}
        GROUP BY s.category_id, c.name, c.slug ORDER BY revenue DESC, s.category_id""",  # noqa: S608
    ),
    SalesReport.Kind.CUSTOMERS: Layout(
        "Sales by customer",
        tuple((
            _columns(count="customer", text="segment") | _columns(day="last_day")
            | _columns(count="orders units", money="total returned net")
        ).values()),
        f"""SELECT s.user_id, coalesce(g.segment, ''), max(day), sum(orders), sum(units), sum(total_minor),
            sum(refunded_minor + credited_minor), sum(total_minor - refunded_minor - credited_minor) AS net
        FROM analytics_useractivity s LEFT JOIN analytics_customersegment g ON g.user_id = s.user_id
        WHERE {_PERIOD.replace("AND currency", "AND s.currency")}
        GROUP BY s.user_id, g.segment ORDER BY net DESC, s.user_id""",  # noqa: S608
    ),
    SalesReport.Kind.PRODUCT_DAYS: Layout(
        "Sales by day and article",
        tuple((_columns(day="day", text="sku name") | _SOLD_COLUMNS).values()),
        f"""SELECT s.day, a.sku, a.name, s.lines, s.units, s.revenue_minor, s.returned_units, s.returned_minor
        FROM analytics_productanalytics s JOIN analytics_soldarticle a ON a.id = s.article_id WHERE {_PERIOD}
        ORDER BY s.day, a.sku""",  # noqa: S608
    ),
}  # fmt: skip
_CREATE = "CREATE TEMP TABLE analytics_report_row (number bigint PRIMARY KEY, {columns})"
_GATHER = """
INSERT INTO pg_temp.analytics_report_row
SELECT row_number() OVER () AS number, gathered.* FROM ({statement}) AS gathered
"""
_TYPES = {"text": "text", "day": "date", "count": "bigint", "money": "bigint"}
#: The chart of every report: money by day, week or month, so that there are never more points than can be told apart.
_SERIES = f"""
SELECT date_trunc(%(step)s, day::timestamp)::date AS at, sum(total_minor)::bigint,
    sum(total_minor - refunded_minor - credited_minor)::bigint, sum(orders)::bigint
FROM analytics_dailysales WHERE {_PERIOD} GROUP BY 1 ORDER BY 1
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Point:
    """Sales of a day, week or month; money in minor units."""

    at: date
    total: int
    net: int
    orders: int


def series_of(*, start: date, end: date, currency: str) -> tuple[str, list[Point]]:
    """The step (day, week or month) that suits a period, and its points; steps without sales have none."""
    days = (end - start).days + 1
    step = "day" if days <= 62 else "week" if days <= 400 else "month"
    with connection.cursor() as cursor:
        cursor.execute(_SERIES, {"start": start, "end": end, "currency": currency, "step": step})
        return step, [Point(*row) for row in cursor.fetchall()]


class ReportRows:
    """The rows of one report while its files are made: ``with ReportRows(report) as rows``."""

    def __init__(self, report: SalesReport) -> None:
        self.report, self.layout = report, LAYOUTS[report.kind]
        self.count = 0
        self.step, self.series = series_of(start=report.start, end=report.end, currency=report.currency)

    def __enter__(self) -> Self:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS pg_temp.analytics_report_row")
            columns = ", ".join(f"{column.name} {_TYPES[column.kind]}" for column in self.layout.columns)
            cursor.execute(_CREATE.format(columns=columns))
            cursor.execute(
                _GATHER.format(statement=self.layout.statement),
                {"start": self.report.start, "end": self.report.end, "currency": self.report.currency},
            )
            self.count = cursor.rowcount
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if error is None:  # else the connection may be unusable; the next report drops what is left
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE pg_temp.analytics_report_row")

    def pages(self, *, limit: int | None = None) -> Iterator[list[tuple[Any, ...]]]:
        """All rows, or the first ``limit``, a page at a time."""
        end = self.count if limit is None else min(limit, self.count)
        columns = ", ".join(column.name for column in self.layout.columns)
        for after in range(0, end, PAGE):
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT {columns} FROM pg_temp.analytics_report_row "  # noqa: S608
                    "WHERE number > %s AND number <= %s ORDER BY number",
                    [after, min(after + PAGE, end)],
                )
                yield cursor.fetchall()

"""What the dashboard shows: a fixed number of queries, whatever the shop's size."""

from datetime import date
from itertools import islice
from typing import Any

from apps.analytics.models import CustomerSegment
from apps.analytics.plots import bar_plot, line_plot
from apps.analytics.reports.rows import series_of
from apps.analytics.selectors.customers import (
    Stage,
    customer_funnel,
    order_funnel,
    segment_summaries,
    visitor_funnel,
)
from apps.analytics.selectors.sales import article_sales, category_sales, sales_totals
from meshop_shared.money import currency_exponent, minor_to_decimal_string

_TOP = 10


def dashboard_of(*, start: date, end: date, currency: str) -> dict[str, Any]:
    """Figures and plots of a period, for the template."""
    period: dict[str, Any] = {"start": start, "end": end, "currency": currency}
    totals = sales_totals(**period)
    net = totals["total_minor"] - totals["refunded_minor"] - totals["credited_minor"]

    def money(minor: int) -> str:
        return minor_to_decimal_string(minor, currency)

    return {
        "figures": [
            ("Orders", f"{totals['orders']:,}"),
            ("Sold", money(totals["total_minor"])),
            ("Refunded and credited", money(totals["refunded_minor"] + totals["credited_minor"])),
            ("Net", money(net)),
            ("Units", f"{totals['units']:,}"),
            ("Placed", f"{totals['placed_orders']:,}"),
            ("Cancelled", f"{totals['cancelled_orders']:,}"),
        ],
        "sales": _sales(**period),
        "bars": [
            _ranking("Articles by revenue", article_sales(**period), "name", currency),
            _ranking(
                "Categories by revenue, each with those below it", category_sales(**period), "name", currency
            ),
            _funnel("Orders of the period", order_funnel(**period)),
            _funnel("People who joined in the period", customer_funnel(start=start, end=end)),
            _funnel("Visitors of the period", visitor_funnel(start=start, end=end)),
            _segments(),
        ],
    }


def _sales(*, start: date, end: date, currency: str) -> Any:
    step, points = series_of(start=start, end=end, currency=currency)
    scale = 10 ** currency_exponent(currency)
    return line_plot(
        title=f"Sales per {step}, {currency}",
        labels=[point.at.isoformat() for point in points],
        lines=[
            ("Total", "total", [point.total / scale for point in points]),
            ("Net", "net", [point.net / scale for point in points]),
        ],
    )


def _ranking(title: str, rows: Any, name: str, currency: str) -> Any:
    best = islice(rows.order_by("-revenue_minor", "-id")[:_TOP], _TOP)
    return bar_plot(
        title=title,
        rows=[
            (getattr(row, name), row.revenue_minor, minor_to_decimal_string(int(row.revenue_minor), currency))
            for row in best
        ],
    )


def _funnel(title: str, stages: list[Stage]) -> Any:
    first = stages[0].count or 1
    return bar_plot(
        title=title,
        rows=[
            (
                stage.name.replace("_", " "),
                stage.count,
                f"{stage.count:,} ({100 * stage.count / first:.1f} %)",
            )
            for stage in stages
        ],
    )


def _segments() -> Any:
    counts: dict[str, int] = {row["segment"]: row["customers"] for row in segment_summaries()}
    everybody = sum(counts.values()) or 1
    return bar_plot(
        title="Segments of all customers who have bought",
        rows=[
            (segment, counts[segment], f"{counts[segment]:,} ({100 * counts[segment] / everybody:.1f} %)")
            for segment in CustomerSegment.Segment.values
            if segment in counts
        ],
    )

"""Analytics as JSON-ready dicts: money as decimal text, shares as fractions."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from apps.analytics.measures import ARTICLE_MEASURES, ORDER_MEASURES
from apps.analytics.models import CustomerSegment, DailySales, SalesReport, SoldArticle, UserActivity
from apps.analytics.selectors.customers import Cohort, Stage
from apps.products.models import Category
from meshop_shared.money import minor_to_decimal_string


def _measure(name: str, value: int, currency: str) -> tuple[str, Any]:
    if name.endswith("_minor"):
        return name.removesuffix("_minor"), minor_to_decimal_string(int(value), currency)
    return name, int(value)


def order_measures(values: dict[str, int], currency: str) -> dict[str, Any]:
    """Shape of :class:`~apps.analytics.api.outputs.OrderMeasuresOutput`."""
    net = values["total_minor"] - values["refunded_minor"] - values["credited_minor"]
    orders = values["orders"]
    average = (2 * values["total_minor"] + orders) // (2 * orders) if orders else 0
    return {
        **dict(_measure(name, values[name], currency) for name in ORDER_MEASURES),
        "net": minor_to_decimal_string(net, currency),
        "average_order": minor_to_decimal_string(average, currency),
        "currency": currency,
    }


def article_measures(values: dict[str, int], currency: str) -> dict[str, Any]:
    """Shape of :class:`~apps.analytics.api.outputs.ArticleMeasuresOutput`."""
    shown = dict(_measure(name, values[name], currency) for name in ARTICLE_MEASURES)
    return {"orders": shown.pop("lines"), **shown, "currency": currency}


def _measured(row: Any, names: Sequence[str]) -> dict[str, int]:
    return {name: getattr(row, name) for name in names}


def day_to_dict(row: DailySales) -> dict[str, Any]:
    """Shape of :class:`~apps.analytics.api.outputs.DailySalesOutput`."""
    return {"day": row.day.isoformat(), **order_measures(_measured(row, ORDER_MEASURES), row.currency)}


def activity_to_dict(row: UserActivity) -> dict[str, Any]:
    """Shape of :class:`~apps.analytics.api.outputs.UserActivityOutput`."""
    return {
        "day": row.day.isoformat(),
        "user_id": row.user_id,
        **order_measures(_measured(row, ORDER_MEASURES), row.currency),
    }


def article_to_dict(row: SoldArticle, currency: str) -> dict[str, Any]:
    """Shape of :class:`~apps.analytics.api.outputs.ProductSalesOutput`."""
    named = {"sku": row.sku, "name": row.name, "product_id": row.product_id}
    return {**named, **article_measures(_measured(row, ARTICLE_MEASURES), currency)}


def category_to_dict(row: Category, currency: str) -> dict[str, Any]:
    """Shape of :class:`~apps.analytics.api.outputs.CategorySalesOutput`."""
    named = {"id": row.pk, "slug": row.slug, "name": row.name}
    return {"category": named, **article_measures(_measured(row, ARTICLE_MEASURES), currency)}


def segments_to_list(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Shapes of :class:`~apps.analytics.api.outputs.SegmentOutput`, the best segment first."""
    everybody = sum(row["customers"] for row in rows)
    order = CustomerSegment.Segment.values
    return [
        {
            "segment": row["segment"],
            "description": CustomerSegment.Segment(row["segment"]).label,
            "customers": row["customers"],
            "share": round(row["customers"] / everybody, 4),
            "total": minor_to_decimal_string(int(row["total_minor"]), row["currency"]),
            "average_recency_days": round(float(row["recency"]), 1),
            "average_purchases": round(float(row["purchases"]), 2),
            "currency": row["currency"],
            "as_of": row["as_of"].isoformat(),
        }
        for row in sorted(rows, key=lambda row: order.index(row["segment"]))
    ]


def segment_customer_to_dict(row: CustomerSegment) -> dict[str, Any]:
    """Shape of :class:`~apps.analytics.api.outputs.SegmentCustomerOutput`."""
    plain = (
        "user_id",
        "segment",
        "recency_days",
        "frequency",
        "currency",
        "recency_score",
        "frequency_score",
    )
    days = ("first_day", "last_day", "as_of")
    return {
        **{name: getattr(row, name) for name in (*plain, "monetary_score")},
        **{name: getattr(row, name).isoformat() for name in days},
        "spent": minor_to_decimal_string(row.monetary_minor, row.currency),
    }


def stages_to_list(stages: Sequence[Stage]) -> list[dict[str, Any]]:
    """Shapes of :class:`~apps.analytics.api.outputs.StageOutput`."""
    before = [stages[0], *stages]
    return [
        {
            "stage": stage.name,
            "count": stage.count,
            "of_first": _share(stage.count, stages[0].count),
            "of_previous": _share(stage.count, previous.count),
        }
        for stage, previous in zip(stages, before, strict=False)
    ]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def cohort_to_dict(cohort: Cohort, currency: str) -> dict[str, Any]:
    """Shape of :class:`~apps.analytics.api.outputs.CohortOutput`."""
    months = [
        {
            "month": month.month,
            "customers": month.customers,
            "retention": round(month.customers / cohort.customers, 4),
            "orders": month.orders,
            "total": minor_to_decimal_string(month.total_minor, currency),
        }
        for month in cohort.months
    ]
    return {"cohort": cohort.start.isoformat(), "customers": cohort.customers, "months": months}


def report_to_dict(report: SalesReport) -> dict[str, Any]:
    """Shape of :class:`~apps.analytics.api.outputs.ReportOutput`."""
    base = f"{settings.MESHOP.public_url.rstrip('/')}/api/analytics/reports/{report.pk}/download"
    files = [
        {"format": file.format, "size": file.size, "sha256": file.sha256, "url": f"{base}/{file.format}/"}
        for file in report.files.all()
    ]
    plain = ("id", "kind", "currency", "formats", "status", "progress", "rows", "error")
    return {
        **{name: getattr(report, name) for name in plain},
        "start": report.start.isoformat(),
        "end": report.end.isoformat(),
        "files": files,
        "requested_by": report.requested_by_id,
        "created_at": report.created_at.isoformat(),
        "finished_at": report.finished_at and report.finished_at.isoformat(),
    }

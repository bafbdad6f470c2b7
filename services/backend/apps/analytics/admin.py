"""Admin pages: the dashboard, and every row read-only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from apps.analytics.api.inputs import CurrencyPeriodInput
from apps.analytics.dashboard import dashboard_of
from apps.analytics.models import (
    ArticleContribution,
    CategoryAnalytics,
    CustomerSegment,
    DailySales,
    DirtyOrder,
    OrderContribution,
    ProductAnalytics,
    ReportChunk,
    ReportFile,
    SalesReport,
    SoldArticle,
    UserActivity,
)
from apps.core.admin import ReadOnlyAdmin, ReadOnlyInline

#: Everything that the dashboard needs comes from this shop and none of it is script or style in the page.
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)


@admin.register(DailySales)
class DailySalesAdmin(ReadOnlyAdmin):
    """Sales by day, and the dashboard."""

    change_list_template = "analytics/daily_sales.html"
    list_display = (
        "day", "currency", "orders", "units", "total_minor", "refunded_minor", "credited_minor", "placed_orders",
        "cancelled_orders",
    )  # fmt: skip
    list_filter = ("currency",)
    date_hierarchy = "day"
    ordering = ("-day", "currency")

    def get_urls(self) -> list[URLPattern]:
        """Add the dashboard."""
        view = self.admin_site.admin_view(self.dashboard_view)
        return [path("dashboard/", view, name="analytics_dashboard"), *super().get_urls()]

    def dashboard_view(self, request: HttpRequest) -> HttpResponse:
        """Plots of a period: ``?start=&end=&currency=``; the last 30 days of the shop's currency without them."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        given = {name: value for name, value in request.GET.items() if value}
        asked = CurrencyPeriodInput(data=given)
        problems = (
            [] if asked.is_valid() else [str(text) for texts in asked.errors.values() for text in texts]
        )
        if problems:
            asked = CurrencyPeriodInput(data={})
            asked.is_valid(raise_exception=True)
        period: dict[str, Any] = dict(asked.validated_data)
        context = {
            **self.admin_site.each_context(request),
            "title": "Sales dashboard",
            "opts": self.opts,
            "problems": problems,
            **period,
            **dashboard_of(**period),
        }
        answer = TemplateResponse(request, "analytics/dashboard.html", context)
        answer["Content-Security-Policy"] = _POLICY
        return answer


@admin.register(ProductAnalytics)
class ProductAnalyticsAdmin(ReadOnlyAdmin):
    """Sales by article and day."""

    list_display = ("day", "article", "currency", "lines", "units", "revenue_minor", "returned_units")
    list_select_related = ("article",)
    search_fields = ("=article__sku",)
    show_full_result_count = False


@admin.register(CategoryAnalytics)
class CategoryAnalyticsAdmin(ReadOnlyAdmin):
    """Sales by category and day."""

    list_display = ("day", "category_id", "currency", "lines", "units", "revenue_minor", "returned_units")
    show_full_result_count = False


@admin.register(UserActivity)
class UserActivityAdmin(ReadOnlyAdmin):
    """What customers did, by day."""

    list_display = ("day", "user_id", "currency", "placed_orders", "orders", "total_minor", "refunded_minor")
    search_fields = ("=user__email",)
    show_full_result_count = False


@admin.register(CustomerSegment)
class CustomerSegmentAdmin(ReadOnlyAdmin):
    """Where customers stand."""

    list_display = ("user_id", "segment", "recency_days", "frequency", "monetary_minor", "as_of")
    list_filter = ("segment",)
    search_fields = ("=user__email",)
    show_full_result_count = False


class ReportFileInline(ReadOnlyInline):
    """Files of a report."""

    model = ReportFile


@admin.register(SalesReport)
class SalesReportAdmin(ReadOnlyAdmin):
    """Reports and how far they are."""

    list_display = ("id", "kind", "start", "end", "currency", "status", "progress", "rows", "requested_by")
    list_filter = ("status", "kind")
    list_select_related = ("requested_by",)
    inlines = (ReportFileInline,)


@admin.register(ReportChunk)
class ReportChunkAdmin(ReadOnlyAdmin):
    """Pieces of files; their bytes are not shown."""

    list_display = ("id", "file_id", "number")
    fields = ("file", "number")
    show_full_result_count = False


@admin.register(SoldArticle)
class SoldArticleAdmin(ReadOnlyAdmin):
    """What was ever sold, and where it belongs today."""

    list_display = ("sku", "name", "product_id", "categories")
    search_fields = ("=sku", "name")
    show_full_result_count = False


@admin.register(OrderContribution)
class OrderContributionAdmin(ReadOnlyAdmin):
    """What each order adds to each day."""

    list_display = ("order_id", "day", "currency", "placed_orders", "orders", "total_minor", "refunded_minor")
    search_fields = ("=order__number",)
    show_full_result_count = False


@admin.register(ArticleContribution)
class ArticleContributionAdmin(ReadOnlyAdmin):
    """What each order adds to each article."""

    list_display = ("order_id", "day", "article", "units", "revenue_minor", "returned_units")
    list_select_related = ("article",)
    search_fields = ("=order__number",)
    show_full_result_count = False


@admin.register(DirtyOrder)
class DirtyOrderAdmin(ReadOnlyAdmin):
    """Orders that wait to be counted."""

    list_display = ("id", "order_id", "marked_at")
    show_full_result_count = False

"""Endpoints of sales by day, article, category and customer."""

from datetime import date
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.analytics.api.inputs import (
    ORDERINGS,
    ActivityInput,
    ArticlesInput,
    CategoriesInput,
    CurrencyPeriodInput,
)
from apps.analytics.api.outputs import (
    CategorySalesPage,
    DailySalesOutput,
    ProductSalesOutput,
    SalesSummaryOutput,
    UserActivityOutput,
)
from apps.analytics.api.representations import (
    activity_to_dict,
    article_measures,
    article_to_dict,
    category_to_dict,
    day_to_dict,
    order_measures,
)
from apps.analytics.selectors.sales import (
    article_sales,
    article_sales_count,
    category_sales,
    category_sales_count,
    daily_sales,
    sales_totals,
    uncategorised_sales,
    user_activity,
)
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import permission_required
from apps.core.api.schema import PAGE_PARAMETERS, page_of

_LATEST_DAY = Ordering(("day", "id"), descending=True)


def asked(request: Request, shape: type[serializers.Serializer]) -> dict[str, Any]:
    """What the query asks for. Raises DRF's ``ValidationError``."""
    given = shape(data=request.query_params)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


class SalesDailyApi(APIView):
    """``GET sales/daily/``."""

    permission_classes = [permission_required("analytics.view_dailysales")]

    @extend_schema(
        operation_id="analytics_sales_daily",
        parameters=[*PAGE_PARAMETERS, CurrencyPeriodInput],
        responses=page_of(DailySalesOutput),
    )
    def get(self, request: Request) -> Response:
        """List the days of a period, the latest first."""
        rows = daily_sales(**asked(request, CurrencyPeriodInput))
        return Response(
            paginate(
                request, rows, ordering=_LATEST_DAY, serialize=lambda page: [day_to_dict(row) for row in page]
            )
        )


class SalesSummaryApi(APIView):
    """``GET sales/summary/``."""

    permission_classes = [permission_required("analytics.view_dailysales")]

    @extend_schema(
        operation_id="analytics_sales_summary", parameters=[CurrencyPeriodInput], responses=SalesSummaryOutput
    )
    def get(self, request: Request) -> Response:
        """Sum a period up, beside the one of the same length before it."""
        period = asked(request, CurrencyPeriodInput)
        start, end, currency = period["start"], period["end"], period["currency"]
        days = (end - start).days + 1
        before = {"start": _earlier(start, days), "end": _earlier(end, days), "currency": currency}
        return Response(
            {
                "start": start.isoformat(),
                "end": end.isoformat(),
                "current": order_measures(sales_totals(**period), currency),
                "previous": order_measures(sales_totals(**before), currency),
            }
        )


def _earlier(day: date, days: int) -> date:
    """So many days before, or the first day there is."""
    return date.fromordinal(max(1, day.toordinal() - days))


class ProductSalesApi(APIView):
    """``GET products/``."""

    permission_classes = [permission_required("analytics.view_productanalytics")]

    @extend_schema(
        operation_id="analytics_products",
        parameters=[*PAGE_PARAMETERS, ArticlesInput],
        responses=page_of(ProductSalesOutput),
    )
    def get(self, request: Request) -> Response:
        """List what was sold and returned of each article in a period."""
        query = asked(request, ArticlesInput)
        field, descending = ORDERINGS[query.pop("ordering")]
        return Response(
            paginate(
                request,
                article_sales(**query),
                ordering=Ordering((field, "id"), descending=descending),
                serialize=lambda page: [article_to_dict(row, query["currency"]) for row in page],
                count=lambda: article_sales_count(**query),
            )
        )


class CategorySalesApi(APIView):
    """``GET categories/``."""

    permission_classes = [permission_required("analytics.view_categoryanalytics")]

    @extend_schema(
        operation_id="analytics_categories",
        parameters=[*PAGE_PARAMETERS, CategoriesInput],
        responses=CategorySalesPage,
    )
    def get(self, request: Request) -> Response:
        """List what was sold and returned in each category and those below it in a period."""
        query = asked(request, CategoriesInput)
        field, descending = ORDERINGS[query.pop("ordering")]
        body = paginate(
            request,
            category_sales(**query),
            ordering=Ordering((field, "id"), descending=descending),
            serialize=lambda page: [category_to_dict(row, query["currency"]) for row in page],
            count=lambda: category_sales_count(**query),
        )
        others = article_measures(uncategorised_sales(**query), query["currency"])
        return Response({**body, "uncategorised": others})


class ActivityApi(APIView):
    """``GET activity/``."""

    permission_classes = [permission_required("analytics.view_useractivity")]

    @extend_schema(
        operation_id="analytics_activity",
        parameters=[*PAGE_PARAMETERS, ActivityInput],
        responses=page_of(UserActivityOutput),
    )
    def get(self, request: Request) -> Response:
        """List what customers did on each day of a period, the latest first."""
        query = asked(request, ActivityInput)
        rows = user_activity(user_id=query.pop("user_id", None), **query)
        return Response(
            paginate(
                request,
                rows,
                ordering=_LATEST_DAY,
                serialize=lambda page: [activity_to_dict(row) for row in page],
            )
        )

"""Endpoints of segments, the funnel and cohorts."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.analytics.api.inputs import CurrencyPeriodInput, SegmentCustomersInput
from apps.analytics.api.outputs import CohortsOutput, FunnelOutput, SegmentCustomerOutput, SegmentOutput
from apps.analytics.api.representations import (
    cohort_to_dict,
    segment_customer_to_dict,
    segments_to_list,
    stages_to_list,
)
from apps.analytics.api.sales_views import asked
from apps.analytics.selectors.customers import (
    cohorts,
    customer_funnel,
    order_funnel,
    segment_customers,
    segment_summaries,
    visitor_funnel,
)
from apps.core.api.pagination import Ordering, page_body, paginate
from apps.core.api.permissions import permission_required
from apps.core.api.schema import PAGE_PARAMETERS, page_of

_BEST = Ordering(("monetary_minor", "id"), descending=True)


class SegmentsApi(APIView):
    """``GET segments/``."""

    permission_classes = [permission_required("analytics.view_customersegment")]

    @extend_schema(operation_id="analytics_segments", responses=page_of(SegmentOutput))
    def get(self, request: Request) -> Response:
        """List the segments that the customers fall into, the best first."""
        results = segments_to_list(segment_summaries())
        return Response(
            page_body(request, count=len(results), following=None, previous=None, results=results)
        )


class SegmentCustomersApi(APIView):
    """``GET segments/customers/``."""

    permission_classes = [permission_required("analytics.view_customersegment")]

    @extend_schema(
        operation_id="analytics_segment_customers",
        parameters=[*PAGE_PARAMETERS, SegmentCustomersInput],
        responses=page_of(SegmentCustomerOutput),
    )
    def get(self, request: Request) -> Response:
        """List customers with their segments, those who spent most first."""
        rows = segment_customers(segment=asked(request, SegmentCustomersInput).get("segment"))
        return Response(
            paginate(
                request,
                rows,
                ordering=_BEST,
                serialize=lambda page: [segment_customer_to_dict(row) for row in page],
            )
        )


class FunnelApi(APIView):
    """``GET funnel/``."""

    permission_classes = [permission_required("analytics.view_dailysales")]

    @extend_schema(operation_id="analytics_funnel", parameters=[CurrencyPeriodInput], responses=FunnelOutput)
    def get(self, request: Request) -> Response:
        """Tell how far the orders of a period, the people who joined in it, and its visitors have come."""
        period = asked(request, CurrencyPeriodInput)
        days = {"start": period["start"], "end": period["end"]}
        return Response(
            {
                "start": period["start"].isoformat(),
                "end": period["end"].isoformat(),
                "currency": period["currency"],
                "orders": stages_to_list(order_funnel(**period)),
                "customers": stages_to_list(customer_funnel(**days)),
                "visitors": stages_to_list(visitor_funnel(**days)),
            }
        )


class CohortsApi(APIView):
    """``GET cohorts/``."""

    permission_classes = [permission_required("analytics.view_useractivity")]

    @extend_schema(
        operation_id="analytics_cohorts", parameters=[CurrencyPeriodInput], responses=CohortsOutput
    )
    def get(self, request: Request) -> Response:
        """Follow customers by the month of their first purchase, from the month of ``start`` to that of ``end``."""
        period = asked(request, CurrencyPeriodInput)
        found = cohorts(**period)
        return Response(
            {
                "start": period["start"].isoformat(),
                "end": period["end"].isoformat(),
                "currency": period["currency"],
                "cohorts": [cohort_to_dict(cohort, period["currency"]) for cohort in found],
            }
        )

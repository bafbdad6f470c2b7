"""Endpoints of reports."""

from collections.abc import Iterable

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.analytics.api.inputs import ReportCreateInput
from apps.analytics.api.outputs import ReportOutput
from apps.analytics.api.representations import report_to_dict
from apps.analytics.errors import ReportNotFound
from apps.analytics.models import SalesReport
from apps.analytics.selectors.reports import (
    report_file_content,
    report_file_get,
    report_get,
    report_list,
)
from apps.analytics.services.report_requests import report_request
from apps.core.api.fields import MAX_ID
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import permission_by_method, permission_required
from apps.core.api.schema import PAGE_PARAMETERS, page_of

_NEWEST = Ordering(("id",), descending=True)
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


class ReportsApi(APIView):
    """``GET, POST reports/``."""

    permission_classes = [
        permission_by_method(GET="analytics.view_salesreport", POST="analytics.add_salesreport")
    ]

    @extend_schema(
        operation_id="analytics_reports_list", parameters=PAGE_PARAMETERS, responses=page_of(ReportOutput)
    )
    def get(self, request: Request) -> Response:
        """List reports, the newest first."""
        return Response(
            paginate(
                request,
                report_list(),
                ordering=_NEWEST,
                serialize=lambda page: [report_to_dict(report) for report in page],
            )
        )

    @extend_schema(
        operation_id="analytics_reports_create", request=ReportCreateInput, responses={201: ReportOutput}
    )
    def post(self, request: Request) -> Response:
        """Ask for a report; a worker makes it, ``progress`` tells how far it is."""
        wanted = ReportCreateInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        report = report_request(actor=caller(request), **wanted.validated_data)
        return Response(report_to_dict(report), status=201)


class ReportApi(APIView):
    """``GET reports/{id}/``."""

    permission_classes = [permission_required("analytics.view_salesreport")]

    @extend_schema(operation_id="analytics_reports_read", responses=ReportOutput)
    def get(self, request: Request, report_id: int) -> Response:
        """Tell how far a report is, and where its files are."""
        return Response(report_to_dict(report_get(report_id=_within(report_id))))


class AnyAccept(BaseContentNegotiation):
    """Files come as what they are, whatever ``Accept`` says; errors as JSON."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first one."""
        first = next(iter(renderers))
        return first, str(first.media_type)


class ReportDownloadApi(APIView):
    """``GET reports/{id}/download/{format}/``."""

    permission_classes = [permission_required("analytics.view_salesreport")]
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="analytics_reports_download",
        parameters=[OpenApiParameter("file_format", str, OpenApiParameter.PATH, enum=list(CONTENT_TYPES))],
        responses={
            (200, content_type.partition(";")[0]): OpenApiTypes.BINARY
            for content_type in CONTENT_TYPES.values()
        },
    )
    def get(self, request: Request, report_id: int, file_format: str) -> HttpResponseBase:
        """Download a file of a finished report."""
        file = report_file_get(report_id=_within(report_id), format=file_format)
        answer = StreamingHttpResponse(report_file_content(file), content_type=CONTENT_TYPES[file.format])
        answer["Content-Length"] = str(file.size)
        answer["Content-Disposition"] = f'attachment; filename="{_name(file.report)}.{file.format}"'
        answer["Cache-Control"] = "private, no-store"
        return answer


def _within(report_id: int) -> int:
    if report_id > MAX_ID:
        raise ReportNotFound()
    return report_id


def _name(report: SalesReport) -> str:
    return f"{report.kind}_{report.start}_{report.end}"

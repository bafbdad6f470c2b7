"""Audit endpoints."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.audit.api.serializers import AuditEntryOutput, AuditFilterInput
from apps.audit.selectors import audit_list
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import permission_required
from apps.core.api.schema import PAGE_PARAMETERS, page_of

_NEWEST = Ordering(("sequence",), descending=True)


class AuditListApi(APIView):
    """``GET audit/``."""

    permission_classes = [permission_required("audit.view_auditentry")]

    @extend_schema(
        operation_id="audit_list",
        parameters=[*PAGE_PARAMETERS, AuditFilterInput],
        responses=page_of(AuditEntryOutput),
    )
    def get(self, request: Request) -> Response:
        """List what staff did, the latest first."""
        filters = AuditFilterInput(data=request.query_params)
        filters.is_valid(raise_exception=True)
        asked = dict(filters.validated_data)
        entries = audit_list(actor_id=asked.pop("actor", None), **asked)
        return Response(
            paginate(
                request,
                entries,
                ordering=_NEWEST,
                serialize=lambda rows: list(AuditEntryOutput(rows, many=True).data),
            )
        )

"""Support endpoints: texts of the shop, and tickets."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.core.api.fields import MAX_ID
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import SignedIn, permission_required
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.support.api.representations import ticket_to_dict
from apps.support.api.serializers import (
    PolicyListSerializer,
    TicketCloseInput,
    TicketInput,
    TicketSerializer,
)
from apps.support.errors import TicketNotFound
from apps.support.models import Ticket
from apps.support.selectors import policy_list, ticket_get, ticket_list
from apps.support.services.tickets import ticket_close, ticket_open
from meshop_shared.errors import PermissionDenied, ValidationFailed

_NEWEST = Ordering(("id",), descending=True)


class PoliciesApi(APIView):
    """``GET support/policies/``."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="support_policies", responses=PolicyListSerializer)
    def get(self, request: Request) -> Response:
        """What the shop promises about shipping, returns, payment and more."""
        rows = [
            {"slug": row.slug, "title": row.title, "body": row.body, "keywords": row.keywords}
            for row in policy_list()
        ]
        return Response({"results": rows})


class TicketsApi(APIView):
    """``GET, POST support/tickets/``."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="support_tickets_list",
        responses=page_of(TicketSerializer),
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("status", str, enum=list(Ticket.Status)),
            OpenApiParameter("scope", str, enum=["mine", "all"], description="`all` is for staff."),
        ],
    )
    def get(self, request: Request) -> Response:
        """List the caller's tickets, newest first; staff may list everybody's."""
        status, scope = request.query_params.get("status"), request.query_params.get("scope", "mine")
        if status is not None and status not in Ticket.Status.values:
            raise ValidationFailed.for_field("status", f"Use one of {', '.join(Ticket.Status.values)}.")
        if scope not in ("mine", "all"):
            raise ValidationFailed.for_field("scope", "Use mine or all.")
        if scope == "all" and not request.user.has_perm("support.view_ticket"):
            raise PermissionDenied()
        rows = ticket_list(user_id=caller(request).pk if scope == "mine" else None, status=status)
        return Response(
            paginate(
                request, rows, ordering=_NEWEST, serialize=lambda page: [ticket_to_dict(row) for row in page]
            )
        )

    @extend_schema(operation_id="support_ticket_open", request=TicketInput, responses={201: TicketSerializer})
    def post(self, request: Request) -> Response:
        """Ask a person. A conversation has one open ticket: asking again answers the same."""
        serializer = TicketInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        ticket = ticket_open(user=caller(request), **serializer.validated_data)
        return Response(ticket_to_dict(ticket), status=201)


class TicketApi(APIView):
    """``GET support/tickets/{id}/``."""

    permission_classes = [SignedIn]

    @extend_schema(operation_id="support_ticket", responses=TicketSerializer)
    def get(self, request: Request, ticket_id: int) -> Response:
        """Show one of the caller's tickets, or any to staff."""
        if ticket_id > MAX_ID:
            raise TicketNotFound()
        everybody = request.user.has_perm("support.view_ticket")
        user_id = None if everybody else caller(request).pk
        return Response(ticket_to_dict(ticket_get(ticket_id=ticket_id, user_id=user_id)))


class TicketCloseApi(APIView):
    """``POST support/tickets/{id}/close/``."""

    permission_classes = [permission_required("support.change_ticket")]

    @extend_schema(operation_id="support_ticket_close", request=TicketCloseInput, responses=TicketSerializer)
    def post(self, request: Request, ticket_id: int) -> Response:
        """Answer a ticket and close it."""
        serializer = TicketCloseInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        if ticket_id > MAX_ID:
            raise TicketNotFound()
        answer = serializer.validated_data["answer"]
        return Response(
            ticket_to_dict(ticket_close(ticket_id=ticket_id, answer=answer, actor=caller(request)))
        )

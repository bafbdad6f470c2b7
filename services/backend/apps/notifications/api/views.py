"""Notification endpoints: the caller's own inbox."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.core.api.fields import MAX_ID
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import SignedIn
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.notifications.api.representations import notification_to_dict
from apps.notifications.api.serializers import NotificationSerializer, ReadAllSerializer
from apps.notifications.errors import NotificationNotFound
from apps.notifications.selectors import notification_list
from apps.notifications.services.inbox import notification_read, notifications_read_all
from meshop_shared.errors import ValidationFailed

_NEWEST = Ordering(("id",), descending=True)
_UNREAD = OpenApiParameter(
    "unread", str, enum=["true", "false"], description="`true` leaves out the read ones."
)


class NotificationsApi(APIView):
    """``GET notifications/``."""

    permission_classes = [SignedIn]

    @extend_schema(
        operation_id="notifications_list",
        responses=page_of(NotificationSerializer),
        parameters=[*PAGE_PARAMETERS, _UNREAD],
    )
    def get(self, request: Request) -> Response:
        """List the caller's notifications, newest first."""
        unread = request.query_params.get("unread", "false")
        if unread not in ("true", "false"):
            raise ValidationFailed.for_field("unread", "Use true or false.")
        rows = notification_list(user_id=caller(request).pk, unread_only=unread == "true")
        return Response(
            paginate(
                request,
                rows,
                ordering=_NEWEST,
                serialize=lambda page: [notification_to_dict(row) for row in page],
            )
        )


class NotificationReadApi(APIView):
    """``POST notifications/{id}/read/``."""

    permission_classes = [SignedIn]

    @extend_schema(request=None, responses=NotificationSerializer)
    def post(self, request: Request, notification_id: int) -> Response:
        """Mark one notification as read. Doing it again changes nothing."""
        if notification_id > MAX_ID:
            raise NotificationNotFound()
        row = notification_read(user_id=caller(request).pk, notification_id=notification_id)
        return Response(notification_to_dict(row))


class NotificationsReadAllApi(APIView):
    """``POST notifications/read-all/``."""

    permission_classes = [SignedIn]

    @extend_schema(request=None, responses=ReadAllSerializer)
    def post(self, request: Request) -> Response:
        """Mark all of the caller's notifications as read."""
        return Response({"updated": notifications_read_all(user_id=caller(request).pk)})

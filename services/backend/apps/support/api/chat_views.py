"""The chat when its service does not answer; the gateway asks here then."""

from typing import Any

import orjson
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.renderers import OrjsonRenderer, json_bytes
from apps.orders.api.cart_views import TOKEN_HEADER
from apps.support.answers import chat_fallback
from apps.support.api.serializers import ChatInput, ChatOutput


class EventStreamRenderer(BaseRenderer):
    """An answer as one server-sent event, as the service would end its stream. Refusals stay JSON."""

    media_type, format, charset = "text/event-stream", "events", None

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """Return the event."""
        response = renderer_context["response"]
        if response.status_code >= 400:
            response["Content-Type"] = "application/json"
            return json_bytes(data)
        return b"event: answer\ndata: " + json_bytes(orjson.loads(json_bytes(data))) + b"\n\n"


class ChatApi(APIView):
    """``POST chat/``."""

    permission_classes = [AllowAny]
    renderer_classes = [OrjsonRenderer, EventStreamRenderer]

    @extend_schema(
        operation_id="chat",
        request=ChatInput,
        responses={(200, "application/json"): ChatOutput},
        parameters=[
            OpenApiParameter(TOKEN_HEADER, str, OpenApiParameter.HEADER, description="Names a guest's cart.")
        ],
    )
    def post(self, request: Request) -> Response:
        """Say something to the shop's assistant, or confirm what it proposed.

        With `Accept: text/event-stream` the answer comes as server-sent events: `delta` with pieces of the reply,
        then `answer` with all of it.
        """
        serializer = ChatInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        body = chat_fallback(
            message=data.get("message"),
            conversation_id=data["conversation_id"],
            user_id=request.user.pk if request.user.is_authenticated else None,
        )
        return Response(body)

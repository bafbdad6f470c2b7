"""Webhook endpoints, for staff: where events go, and what became of them."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.core.api.fields import MAX_ID
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import permission_by_method, permission_required
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.webhooks.api.representations import (
    delivery_detail_to_dict,
    delivery_to_dict,
    endpoint_to_dict,
    endpoint_with_secret_to_dict,
)
from apps.webhooks.api.serializers import (
    DeliveryDetailOutput,
    DeliveryOutput,
    EndpointChangeInput,
    EndpointCreateInput,
    EndpointOutput,
    EndpointWithSecretOutput,
    ReplayedOutput,
    SecretRotateInput,
)
from apps.webhooks.errors import DeliveryNotFound, EndpointNotFound
from apps.webhooks.models import WebhookDelivery
from apps.webhooks.selectors import delivery_get, delivery_list, endpoint_get, endpoint_list
from apps.webhooks.services.deliveries import deliveries_replay_failed, delivery_replay
from apps.webhooks.services.endpoints import (
    endpoint_change,
    endpoint_create,
    endpoint_delete,
    endpoint_secret_rotate,
)
from meshop_shared.errors import ValidationFailed

_BY_ID = Ordering(("id",))
_NEWEST = Ordering(("id",), descending=True)
_STATES = WebhookDelivery.State.values


class EndpointsApi(APIView):
    """``GET, POST endpoints/``."""

    permission_classes = [
        permission_by_method(GET="webhooks.view_webhookendpoint", POST="webhooks.add_webhookendpoint")
    ]

    @extend_schema(
        operation_id="webhooks_endpoints_list", responses=page_of(EndpointOutput), parameters=PAGE_PARAMETERS
    )
    def get(self, request: Request) -> Response:
        """List the endpoints, oldest first."""
        return Response(
            paginate(
                request,
                endpoint_list(),
                ordering=_BY_ID,
                serialize=lambda rows: [endpoint_to_dict(row) for row in rows],
            )
        )

    @extend_schema(request=EndpointCreateInput, responses={201: EndpointWithSecretOutput})
    def post(self, request: Request) -> Response:
        """Add an endpoint. The answer has its secret, which is not shown again."""
        endpoint = endpoint_create(**_validated(EndpointCreateInput, request))
        return _unstored(endpoint_with_secret_to_dict(endpoint), status=201)


class EndpointApi(APIView):
    """``GET, PATCH, DELETE endpoints/{id}/``."""

    permission_classes = [
        permission_by_method(
            GET="webhooks.view_webhookendpoint",
            PATCH="webhooks.change_webhookendpoint",
            DELETE="webhooks.delete_webhookendpoint",
        )
    ]

    @extend_schema(responses=EndpointOutput)
    def get(self, request: Request, endpoint_id: int) -> Response:
        """Show an endpoint, and how it has been answering."""
        return Response(endpoint_to_dict(endpoint_get(endpoint_id=_endpoint_id(endpoint_id))))

    @extend_schema(request=EndpointChangeInput, responses=EndpointOutput)
    def patch(self, request: Request, endpoint_id: int) -> Response:
        """Change an endpoint, disable it, or enable it again, which forgets its failures."""
        changes = _validated(EndpointChangeInput, request)
        return Response(endpoint_to_dict(endpoint_change(endpoint_id=_endpoint_id(endpoint_id), **changes)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, endpoint_id: int) -> Response:
        """Remove an endpoint and its deliveries."""
        endpoint_delete(endpoint_id=_endpoint_id(endpoint_id))
        return Response(status=204)


class SecretRotateApi(APIView):
    """``POST endpoints/{id}/rotate-secret/``."""

    permission_classes = [permission_required("webhooks.change_webhookendpoint")]

    @extend_schema(request=SecretRotateInput, responses=EndpointWithSecretOutput)
    def post(self, request: Request, endpoint_id: int) -> Response:
        """Make a new secret, which is not shown again. The old one signs too until the overlap is over."""
        data = _validated(SecretRotateInput, request)
        endpoint = endpoint_secret_rotate(
            endpoint_id=_endpoint_id(endpoint_id), overlap=timedelta(hours=data["overlap_hours"])
        )
        return _unstored(endpoint_with_secret_to_dict(endpoint))


class FailedReplayApi(APIView):
    """``POST endpoints/{id}/replay-failed/``."""

    permission_classes = [permission_required("webhooks.change_webhookdelivery")]

    @extend_schema(request=None, responses=ReplayedOutput)
    def post(self, request: Request, endpoint_id: int) -> Response:
        """Queue every delivery of the endpoint again that was given up."""
        return Response({"queued": deliveries_replay_failed(endpoint_id=_endpoint_id(endpoint_id))})


class DeliveriesApi(APIView):
    """``GET deliveries/``."""

    permission_classes = [permission_required("webhooks.view_webhookdelivery")]

    @extend_schema(
        operation_id="webhooks_deliveries_list",
        responses=page_of(DeliveryOutput),
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter(
                "endpoint_id", {"type": "integer", "minimum": 1}, description="To one endpoint only."
            ),
            OpenApiParameter("state", str, enum=_STATES, description="In one state only."),
        ],
    )
    def get(self, request: Request) -> Response:
        """List deliveries, newest first."""
        deliveries = delivery_list(endpoint_id=_endpoint_filter(request), state=_state_filter(request))
        return Response(
            paginate(
                request,
                deliveries.defer("body"),
                ordering=_NEWEST,
                serialize=lambda rows: [delivery_to_dict(row) for row in rows],
            )
        )


class DeliveryApi(APIView):
    """``GET deliveries/{id}/``."""

    permission_classes = [permission_required("webhooks.view_webhookdelivery")]

    @extend_schema(responses=DeliveryDetailOutput)
    def get(self, request: Request, delivery_id: int) -> Response:
        """Show a delivery: what was sent, and how each attempt ended."""
        return Response(delivery_detail_to_dict(delivery_get(delivery_id=_delivery_id(delivery_id))))


class DeliveryReplayApi(APIView):
    """``POST deliveries/{id}/replay/``."""

    permission_classes = [permission_required("webhooks.change_webhookdelivery")]

    @extend_schema(request=None, responses={202: DeliveryOutput})
    def post(self, request: Request, delivery_id: int) -> Response:
        """Queue a delivery again, whatever became of it. Receivers know it by its id."""
        return Response(delivery_to_dict(delivery_replay(delivery_id=_delivery_id(delivery_id))), status=202)


def _validated(serializer_class: type[Serializer], request: Request) -> dict[str, Any]:
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _unstored(body: dict[str, Any], *, status: int = 200) -> Response:
    """An answer with a secret in it."""
    return Response(body, status=status, headers={"Cache-Control": "no-store"})


def _endpoint_id(endpoint_id: int) -> int:
    if endpoint_id > MAX_ID:
        raise EndpointNotFound()
    return endpoint_id


def _delivery_id(delivery_id: int) -> int:
    if delivery_id > MAX_ID:
        raise DeliveryNotFound()
    return delivery_id


def _endpoint_filter(request: Request) -> int | None:
    text = request.query_params.get("endpoint_id")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:20]) <= MAX_ID:
        raise ValidationFailed.for_field("endpoint_id", "Use the number of an endpoint.")
    return int(text)


def _state_filter(request: Request) -> str | None:
    state = request.query_params.get("state")
    if state is not None and state not in _STATES:
        raise ValidationFailed.for_field("state", f"Use one of {', '.join(_STATES)}.")
    return state

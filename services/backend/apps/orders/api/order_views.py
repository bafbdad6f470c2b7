"""Order endpoints."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.accounts.selectors import address_snapshot_get
from apps.core.api.fields import MAX_ID
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import permission_required
from apps.core.api.renderers import json_bytes
from apps.core.api.schema import PAGE_PARAMETERS
from apps.core.idempotency import Answer, run_idempotent
from apps.orders.api.representations import event_to_dict, order_to_dict
from apps.orders.api.serializers import (
    OrderCancelSerializer,
    OrderCreateSerializer,
    OrderListSerializer,
    OrderSerializer,
    OrderShipSerializer,
    OrderTimelineSerializer,
)
from apps.orders.errors import OrderNotFound
from apps.orders.models import Order
from apps.orders.selectors import order_get, order_list, order_timeline
from apps.orders.services.orders import order_cancel, order_deliver, order_ship
from apps.orders.services.placing import order_place
from meshop_shared.errors import PermissionDenied, ValidationFailed

_NEWEST = Ordering(("id",), descending=True)
_OLDEST = Ordering(("id",))
_KEY = OpenApiParameter("Idempotency-Key", str, OpenApiParameter.HEADER)


class OrdersApi(APIView):
    """``GET, POST orders/``."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="orders_list",
        responses=OrderListSerializer,
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("status", str, enum=list(Order.Status)),
            OpenApiParameter("scope", str, enum=["mine", "all"], description="`all` is for staff."),
        ],
    )
    def get(self, request: Request) -> Response:
        """List the caller's orders, newest first; staff may list everybody's."""
        status, scope = request.query_params.get("status"), request.query_params.get("scope", "mine")
        if status is not None and status not in Order.Status.values:
            raise ValidationFailed.for_field("status", f"Use one of {', '.join(Order.Status.values)}.")
        if scope not in ("mine", "all"):
            raise ValidationFailed.for_field("scope", "Use mine or all.")
        if scope == "all" and not request.user.has_perm("orders.view_order"):
            raise PermissionDenied()
        orders = order_list(user_id=caller(request).pk if scope == "mine" else None, status=status)
        return Response(
            paginate(
                request,
                orders,
                ordering=_NEWEST,
                serialize=lambda rows: [order_to_dict(row, row.items.all()) for row in rows],
            )
        )

    @extend_schema(request=OrderCreateSerializer, responses={201: OrderSerializer}, parameters=[_KEY])
    def post(self, request: Request) -> HttpResponse:
        """Place an order from ``items`` or from the caller's cart."""
        raw_body = request._request.body
        serializer = OrderCreateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        answer = run_idempotent(
            scope=f"orders:{caller(request).pk}",
            key=request.headers.get("Idempotency-Key"),
            request_body=raw_body,
            operation=lambda: self._place(request, serializer.validated_data),
        )
        response = HttpResponse(answer.body, status=answer.status_code, content_type="application/json")
        if answer.replayed:
            response["Idempotent-Replayed"] = "true"
        return response

    @staticmethod
    def _place(request: Request, data: dict[str, Any]) -> Answer:
        shipping = _shipping_address(request, data)
        billing = shipping
        if "billing_address_id" in data:
            billing = address_snapshot_get(user_id=caller(request).pk, address_id=data["billing_address_id"])
        items = data.get("items")
        order, lines = order_place(
            user=caller(request),
            items=None
            if items is None
            else [((item["product_id"], item["variant_id"]), item["quantity"]) for item in items],
            shipping_address=shipping,
            billing_address=billing,
            note=data["note"],
        )
        return Answer(201, json_bytes(order_to_dict(order, lines)))


def _shipping_address(request: Request, data: dict[str, Any]) -> dict[str, Any]:
    if "shipping_address" in data:
        return dict(data["shipping_address"])
    if "shipping_address_id" in data:
        return address_snapshot_get(user_id=caller(request).pk, address_id=data["shipping_address_id"])
    default = address_snapshot_get(user_id=caller(request).pk, address_id=None)
    if default is None:
        raise ValidationFailed.for_field("shipping_address", "Say where to send it: an address or its id.")
    return default


class OneOrderApi(APIView):
    """Base of the endpoints of one order: its buyer's, or staff's with the permission to see orders."""

    permission_classes = [IsAuthenticated]

    def order(self, order_id: int) -> Order:
        """The order, if the caller may see it. Raises ``OrderNotFound``."""
        if order_id > MAX_ID:
            raise OrderNotFound()
        everybody = self.request.user.has_perm("orders.view_order")
        return order_get(order_id=order_id, user_id=None if everybody else caller(self.request).pk)

    def answer(self, order_id: int) -> Response:
        """Render the order as it is now."""
        order = order_get(order_id=order_id, user_id=None)
        return Response(order_to_dict(order, order.items.all()))


class OrderApi(OneOrderApi):
    """``GET orders/{id}/``."""

    @extend_schema(responses=OrderSerializer)
    def get(self, request: Request, order_id: int) -> Response:
        """Return one order."""
        order = self.order(order_id)
        return Response(order_to_dict(order, order.items.all()))


class OrderCancelApi(OneOrderApi):
    """``POST orders/{id}/cancel/``."""

    @extend_schema(request=OrderCancelSerializer, responses=OrderSerializer)
    def post(self, request: Request, order_id: int) -> Response:
        """Cancel an order that has not been shipped."""
        serializer = OrderCancelSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        order = self.order(order_id)
        if order.user_id != caller(request).pk and not request.user.has_perm("orders.change_order"):
            raise PermissionDenied()
        order_cancel(order_id=order.pk, actor=caller(request), reason=serializer.validated_data["reason"])
        return self.answer(order.pk)


class OrderTimelineApi(OneOrderApi):
    """``GET orders/{id}/timeline/``."""

    @extend_schema(responses=OrderTimelineSerializer, parameters=PAGE_PARAMETERS)
    def get(self, request: Request, order_id: int) -> Response:
        """Tell what happened to an order, oldest first."""
        events = order_timeline(order_id=self.order(order_id).pk)
        return Response(
            paginate(
                request,
                events,
                ordering=_OLDEST,
                serialize=lambda rows: [event_to_dict(row) for row in rows],
            )
        )


class FulfilmentApi(OneOrderApi):
    """Base of what the warehouse does."""

    permission_classes = [permission_required("orders.fulfil_order")]


class OrderShipApi(FulfilmentApi):
    """``POST orders/{id}/ship/``."""

    @extend_schema(request=OrderShipSerializer, responses=OrderSerializer)
    def post(self, request: Request, order_id: int) -> Response:
        """Hand a paid order to the carrier."""
        serializer = OrderShipSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        order_ship(
            order_id=self.order(order_id).pk,
            actor=caller(request),
            tracking=serializer.validated_data["tracking"],
        )
        return self.answer(order_id)


class OrderDeliverApi(FulfilmentApi):
    """``POST orders/{id}/deliver/``."""

    @extend_schema(request=None, responses=OrderSerializer)
    def post(self, request: Request, order_id: int) -> Response:
        """Note that a shipped order has arrived."""
        order_deliver(order_id=self.order(order_id).pk, actor=caller(request))
        return self.answer(order_id)

"""Return requests of one order."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.authentication import caller
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.orders.api.order_views import OneOrderApi
from apps.orders.api.representations import return_to_dict
from apps.orders.api.serializers import ReturnInput, ReturnSerializer
from apps.orders.errors import OrderNotFound
from apps.orders.selectors import order_returns
from apps.orders.services.returns import return_request

_NEWEST = Ordering(("id",), descending=True)


class OrderReturnsApi(OneOrderApi):
    """``GET, POST orders/{id}/returns/``."""

    @extend_schema(
        operation_id="orders_returns_list", responses=page_of(ReturnSerializer), parameters=PAGE_PARAMETERS
    )
    def get(self, request: Request, order_id: int) -> Response:
        """List the return requests of an order, newest first."""
        rows = order_returns(order_id=self.order(order_id).pk)
        return Response(
            paginate(
                request, rows, ordering=_NEWEST, serialize=lambda page: [return_to_dict(row) for row in page]
            )
        )

    @extend_schema(
        operation_id="orders_return_request", request=ReturnInput, responses={201: ReturnSerializer}
    )
    def post(self, request: Request, order_id: int) -> Response:
        """Ask to send an order back, whole or in part; only its buyer can."""
        serializer = ReturnInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        order = self.order(order_id)
        if order.user_id != caller(request).pk:
            raise OrderNotFound()
        data = serializer.validated_data
        wanted = return_request(
            order_id=order.pk,
            actor=caller(request),
            items=[(item["sku"], item["quantity"]) for item in data["items"]] if "items" in data else None,
            reason=data["reason"],
        )
        return Response(return_to_dict(wanted), status=201)

"""Recommendation endpoints, and what they learn from a visit; open to everybody."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.activity.models import Activity
from apps.activity.services import activity_note
from apps.core.api.fields import MAX_ID
from apps.orders.api.cart_views import TOKEN_HEADER, cart_token_of
from apps.products.api.views.products import shown_product
from apps.recommendations.answers import (
    recommendations_for_cart,
    recommendations_for_product,
    recommendations_for_user,
)
from apps.recommendations.api.outputs import RecommendationsOutput
from meshop_shared.errors import ValidationFailed

_DEFAULT_LIMIT, _MAX_LIMIT, _MAX_VIEWED = 10, 30, 20
_LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": _MAX_LIMIT, "default": _DEFAULT_LIMIT}
)
_KINDS = ("similar", "together")


class ProductRecommendationsApi(APIView):
    """``GET products/{id or slug}/recommendations/``."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="products_recommendations",
        parameters=[_LIMIT, OpenApiParameter("kind", str, enum=_KINDS, default="similar")],
        responses=RecommendationsOutput,
    )
    def get(self, request: Request, key: str) -> Response:
        """Products to look at instead of this one, or to buy with it."""
        kind = request.query_params.get("kind", "similar")
        if kind not in _KINDS:
            raise ValidationFailed.for_field("kind", f"Use one of {', '.join(_KINDS)}.")
        limit = _limit(request)
        card = shown_product(key)
        return Response(recommendations_for_product(card=card, together=kind == "together", limit=limit))


class UserRecommendationsApi(APIView):
    """``GET recommendations/``."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="recommendations",
        parameters=[
            _LIMIT,
            OpenApiParameter(
                "viewed",
                {"type": "string", "pattern": r"^\d{1,18}(,\d{1,18}){0,19}$"},
                description="Ids of products that the caller looked at, latest first, by comma; beside those that "
                "the shop was told of by `POST /api/products/{key}/view/`.",
            ),
            OpenApiParameter(TOKEN_HEADER, str, OpenApiParameter.HEADER, description="Names a guest's cart."),
            OpenApiParameter("again", bool, description="Whether what the caller bought may come again."),
        ],
        responses=RecommendationsOutput,
    )
    def get(self, request: Request) -> Response:
        """Products for the caller."""
        again = request.query_params.get("again", "false")
        if again not in ("true", "false"):
            raise ValidationFailed.for_field("again", "Use true or false.")
        body = recommendations_for_user(
            **_visitor(request),
            viewed_ids=_viewed(request),
            again=again == "true",
            limit=_limit(request),
        )
        return Response(body)


class CartRecommendationsApi(APIView):
    """``GET orders/cart/recommendations/``."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="orders_cart_recommendations",
        parameters=[
            _LIMIT,
            OpenApiParameter(TOKEN_HEADER, str, OpenApiParameter.HEADER, description="Names a guest's cart."),
        ],
        responses=RecommendationsOutput,
    )
    def get(self, request: Request) -> Response:
        """Products that go with the caller's cart."""
        return Response(recommendations_for_cart(**_visitor(request), limit=_limit(request)))


class ProductViewedApi(APIView):
    """``POST products/{id or slug}/view/``."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="products_view",
        request=None,
        responses={204: None},
        parameters=[
            OpenApiParameter(TOKEN_HEADER, str, OpenApiParameter.HEADER, description="Names a guest's cart.")
        ],
    )
    def post(self, request: Request, key: str) -> Response:
        """Tell that the caller is looking at a product. Reading it says nothing: answers come from caches."""
        card = shown_product(key)
        activity_note(kind=Activity.Kind.VIEWED, **_visitor(request), product_ids=[card["id"]])
        return Response(status=204)


def _visitor(request: Request) -> dict[str, Any]:
    """The caller's number, or the token of their cart."""
    signed_in = request.user.is_authenticated
    return {
        "user_id": request.user.pk if signed_in else None,
        "token": None if signed_in else cart_token_of(request),
    }


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(_DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 4) or not 1 <= int(text) <= _MAX_LIMIT:
        raise ValidationFailed.for_field("limit", f"Use a whole number from 1 to {_MAX_LIMIT}.")
    return int(text)


def _viewed(request: Request) -> list[int]:
    text = request.query_params.get("viewed", "")
    parts = text.split(",") if text else []
    numbers = [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) <= 18]
    if len(numbers) != len(parts) or len(parts) > _MAX_VIEWED or any(not 0 < n <= MAX_ID for n in numbers):
        raise ValidationFailed.for_field("viewed", f"Give at most {_MAX_VIEWED} ids, separated by commas.")
    return numbers

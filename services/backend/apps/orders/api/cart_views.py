"""Cart endpoints, for users and for guests."""

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.activity.models import Activity
from apps.activity.services import activity_note
from apps.core.api.fields import MAX_ID
from apps.orders.api.representations import cart_to_dict
from apps.orders.api.serializers import CartAddSerializer, CartQuantitySerializer, CartSerializer
from apps.orders.errors import CartItemNotFound
from apps.orders.models import Cart
from apps.orders.selectors import CartLine, cart_lines_get
from apps.orders.services.carts import (
    cart_clear,
    cart_get_or_create,
    cart_item_add,
    cart_item_remove,
    cart_item_set_quantity,
    guest_cart_get_or_create,
)

TOKEN_HEADER, TOKEN_COOKIE = "X-Cart-Token", "cart_token"
_COOKIE_AGE_S = 30 * 24 * 3600
_TOKEN = OpenApiParameter(TOKEN_HEADER, str, OpenApiParameter.HEADER, description="Names a guest's cart.")


def cart_token_of(request: Request) -> str | None:
    """Token of the guest cart the caller holds, if any."""
    return request.headers.get(TOKEN_HEADER) or request.COOKIES.get(TOKEN_COOKIE)


class CartApi(APIView):
    """Base of the cart endpoints: everybody has exactly one cart."""

    permission_classes = [AllowAny]

    def cart(self) -> Cart:
        """The caller's cart, made on first use."""
        if self.request.user.is_authenticated:
            return cart_get_or_create(user_id=self.request.user.pk)
        return guest_cart_get_or_create(token=cart_token_of(self.request))

    def note(self, cart: Cart, kind: Activity.Kind, *product_ids: int, quantity: int = 0) -> None:
        """Remember for analytics and models what was done to the cart."""
        token = None if cart.user_id is not None else str(cart.token)
        activity_note(
            kind=kind, user_id=cart.user_id, token=token, product_ids=product_ids, quantity=quantity
        )

    def answer(self, cart: Cart, lines: list[CartLine]) -> Response:
        """Render the cart; a guest is told the token that names it."""
        response = Response(cart_to_dict(cart, lines))
        if cart.user_id is None:
            response[TOKEN_HEADER] = str(cart.token)
            response.set_cookie(
                TOKEN_COOKIE,
                str(cart.token),
                max_age=_COOKIE_AGE_S,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response


class CartReadApi(CartApi):
    """``GET cart/``."""

    @extend_schema(responses=CartSerializer, parameters=[_TOKEN])
    def get(self, request: Request) -> Response:
        """Return the caller's cart."""
        cart = self.cart()
        return self.answer(cart, cart_lines_get(cart_id=cart.pk))


class CartAddApi(CartApi):
    """``POST cart/add/``."""

    @extend_schema(request=CartAddSerializer, responses=CartSerializer, parameters=[_TOKEN])
    def post(self, request: Request) -> Response:
        """Add units of a product to the caller's cart."""
        serializer = CartAddSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        cart, asked = self.cart(), serializer.validated_data
        lines = cart_item_add(cart_id=cart.pk, **asked)
        self.note(cart, Activity.Kind.ADDED, asked["product_id"], quantity=asked["quantity"])
        return self.answer(cart, lines)


class CartItemApi(CartApi):
    """``PUT, DELETE cart/items/{id}/``."""

    @extend_schema(request=CartQuantitySerializer, responses=CartSerializer, parameters=[_TOKEN])
    def put(self, request: Request, item_id: int) -> Response:
        """Set the quantity of a line."""
        serializer = CartQuantitySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        cart, quantity = self.cart(), serializer.validated_data["quantity"]
        lines = cart_item_set_quantity(cart_id=cart.pk, item_id=_checked(item_id), quantity=quantity)
        product_id = next(line.product_id for line in lines if line.id == item_id)
        self.note(cart, Activity.Kind.SET, product_id, quantity=quantity)
        return self.answer(cart, lines)

    @extend_schema(responses={200: CartSerializer}, parameters=[_TOKEN])
    def delete(self, request: Request, item_id: int) -> Response:
        """Take a line out."""
        cart = self.cart()
        self.note(cart, Activity.Kind.REMOVED, cart_item_remove(cart_id=cart.pk, item_id=_checked(item_id)))
        return self.answer(cart, cart_lines_get(cart_id=cart.pk))


class CartClearApi(CartApi):
    """``DELETE cart/clear/``."""

    @extend_schema(responses={200: CartSerializer}, parameters=[_TOKEN])
    def delete(self, request: Request) -> Response:
        """Take all lines out."""
        cart = self.cart()
        self.note(cart, Activity.Kind.REMOVED, *cart_clear(cart_id=cart.pk))
        return self.answer(cart, [])


def _checked(item_id: int) -> int:
    if item_id > MAX_ID:
        raise CartItemNotFound()
    return item_id

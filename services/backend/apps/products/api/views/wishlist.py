"""Wishlist endpoints."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import SignedIn
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.products.api.keys import parse_id
from apps.products.api.outputs import WishlistItemOutput
from apps.products.api.representations import wishlist_items_to_dicts
from apps.products.api.serializers import WishlistInput
from apps.products.selectors import wishlist_items
from apps.products.services.wishlists import wishlist_add, wishlist_remove

_NEWEST = Ordering(("id",), descending=True)


class WishlistApi(APIView):
    """``GET, POST products/wishlist/``."""

    permission_classes = [SignedIn]

    @extend_schema(parameters=PAGE_PARAMETERS, responses=page_of(WishlistItemOutput))
    def get(self, request: Request) -> Response:
        """List what the caller wants to remember, newest first."""
        items = wishlist_items(user_id=caller(request).pk)
        return Response(paginate(request, items, ordering=_NEWEST, serialize=wishlist_items_to_dicts))

    @extend_schema(
        request=WishlistInput,
        responses={
            201: WishlistItemOutput,
            200: OpenApiResponse(WishlistItemOutput, "It was there already."),
        },
    )
    def post(self, request: Request) -> Response:
        """Remember a product."""
        serializer = WishlistInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        item, created = wishlist_add(user=caller(request), **serializer.validated_data)
        return Response(wishlist_items_to_dicts([item])[0], status=201 if created else 200)


class WishlistItemApi(APIView):
    """``DELETE products/wishlist/{id}/``."""

    permission_classes = [SignedIn]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, id: str) -> Response:
        """Forget an item."""
        wishlist_remove(user=caller(request), item_id=parse_id(id))
        return Response(status=204)

"""Product endpoints."""

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.authentication import caller
from apps.core.api.pagination import Ordering, page_asked, page_body, paginate
from apps.core.api.permissions import permission_by_method, permission_check
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.products.api.keys import parse_key
from apps.products.api.outputs import ImageOutput, ProductOutput, SuggestOutput
from apps.products.api.representations import suggestion_to_dict
from apps.products.api.serializers import ImageInput, ProductInput
from apps.products.cards import Card, image_url, product_card, product_cards
from apps.products.counts import list_length
from apps.products.filters import MAX_SEARCH_LENGTH, ORDERINGS, ProductFilterSet
from apps.products.models import Product
from apps.products.search import product_search
from apps.products.search.port import SearchAnswer, SearchAsked
from apps.products.selectors import product_id_of_slug
from apps.products.services.images import image_add
from apps.products.services.products import ProductData, product_create, product_deactivate, product_update
from meshop_shared.errors import NotFound, ValidationFailed

_ORDERINGS = {
    "price": Ordering(("price_minor", "id")),
    "-price": Ordering(("price_minor", "id"), descending=True),
    "name": Ordering(("name", "id")),
    "-name": Ordering(("name", "id"), descending=True),
    "newest": Ordering(("created_at", "id"), descending=True),
    "rating": Ordering(("rating", "id"), descending=True),
}
_PRICE = {"type": "string", "pattern": r"^\d{1,10}(\.\d{1,3})?$"}
#: What a list of products can be narrowed and ordered by.
FILTER_PARAMETERS = [
    OpenApiParameter(
        "search", {"type": "string", "maxLength": MAX_SEARCH_LENGTH}, description="SKU or words."
    ),
    OpenApiParameter("category", str, description="Slug; its descendants count too."),
    OpenApiParameter("min_price", _PRICE),
    OpenApiParameter("max_price", _PRICE),
    OpenApiParameter("brand", str),
    OpenApiParameter("tag", str, description="Slug or name."),
    OpenApiParameter("in_stock", bool),
    OpenApiParameter("min_rating", {"type": "number", "minimum": 0, "maximum": 5}),
    OpenApiParameter("ordering", str, enum=list(ORDERINGS), description="Default: relevance, or newest."),
    OpenApiParameter(
        "attr",
        {"type": "object", "additionalProperties": {"type": "string"}},
        description="`attr.<name>=<value>`: attributes of the product or of one of its variants.",
    ),
    OpenApiParameter(
        "mode",
        str,
        enum=["hybrid", "lexical"],
        description="`lexical` finds by words alone. Default: `hybrid`.",
    ),
    OpenApiParameter("is_active", bool, description="For staff: `false` lists what the shop hides."),
]
#: Says who answered a search.
SOURCE_HEADER = "X-Search-Source"
#: ``hybrid`` when meaning took part, else ``lexical``.
MODE_HEADER = "X-Search-Mode"
_DEFAULT_SUGGESTIONS, _MAX_SUGGESTIONS = 10, 20


class ProductListApi(APIView):
    """``GET, POST products/``."""

    permission_classes = [permission_by_method(GET=None, POST="products.add_product")]

    @extend_schema(
        operation_id="products_list",
        parameters=[*PAGE_PARAMETERS, *FILTER_PARAMETERS],
        responses=page_of(ProductOutput),
    )
    def get(self, request: Request) -> Response:
        """List products."""
        filters = ProductFilterSet(request.query_params)
        asked = filters.validate()
        if asked["is_active"] is False:
            permission_check(request, "products.view_product")
        text = asked["search"]
        if text:
            return search_response(request, asked=asked, filters=filters)
        products = filters.filter_queryset(Product.objects.all())
        ordering = _ordering(asked["ordering"])
        body = paginate(
            request,
            products.only(*ordering.fields),
            ordering=ordering,
            serialize=lambda rows: product_cards([row.pk for row in rows]),
            count=lambda: _count(filters, products, stock=asked["in_stock"] is not None),
        )
        return Response(body)

    @extend_schema(request=ProductInput, responses={201: ProductOutput})
    def post(self, request: Request) -> Response:
        """Create a product."""
        serializer = ProductInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        product = product_create(data=cast(ProductData, serializer.validated_data), actor=caller(request))
        return Response(product_card(id=product.pk), status=201)


class ProductDetailApi(APIView):
    """``GET, PUT, PATCH, DELETE products/{id or slug}/``."""

    permission_classes = [
        permission_by_method(
            GET=None,
            PUT="products.change_product",
            PATCH="products.change_product",
            DELETE="products.delete_product",
        )
    ]

    @extend_schema(responses=ProductOutput)
    def get(self, request: Request, key: str) -> Response:
        """Show a product."""
        return Response(shown_product(key))

    @extend_schema(request=ProductInput, responses=ProductOutput)
    def put(self, request: Request, key: str) -> Response:
        """Change a product, saying at least SKU, name and price."""
        return self._update(request, key, partial=False)

    @extend_schema(request=ProductInput, responses=ProductOutput)
    def patch(self, request: Request, key: str) -> Response:
        """Change parts of a product."""
        return self._update(request, key, partial=True)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, key: str) -> Response:
        """Take a product out of the shop; orders and reviews keep it."""
        product_deactivate(product_id=product_id_from(key), actor=caller(request))
        return Response(status=204)

    @staticmethod
    def _update(request: Request, key: str, *, partial: bool) -> Response:
        product_id = product_id_from(key)
        serializer = ProductInput(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        data = cast(ProductData, serializer.validated_data)
        product_update(product_id=product_id, data=data, actor=caller(request))
        return Response(product_card(id=product_id))


class ProductImageUploadApi(APIView):
    """``POST products/{id}/upload_image/``."""

    parser_classes = [MultiPartParser]
    permission_classes = [permission_by_method(POST="products.change_product")]

    @extend_schema(request={"multipart/form-data": ImageInput}, responses={201: ImageOutput})
    def post(self, request: Request, key: str) -> Response:
        """Add a picture: JPEG, PNG, WebP or GIF; it is drawn anew and loses its metadata."""
        product_id = product_id_from(key)
        serializer = ImageInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        image = image_add(
            product_id=product_id,
            upload=data["image"],
            size=data["image"].size,
            alt=data["alt"],
            is_primary=data["is_primary"],
        )
        body = {
            "id": image.pk,
            "url": image_url(image.file.name),
            "is_primary": image.is_primary,
            "alt": image.alt,
        }
        return Response(body, status=201)


class ProductSuggestApi(APIView):
    """``GET products/suggest/``."""

    permission_classes = [permission_by_method(GET=None)]

    @extend_schema(
        parameters=[
            OpenApiParameter("q", {"type": "string", "maxLength": MAX_SEARCH_LENGTH}, required=True),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": _MAX_SUGGESTIONS}),
        ],
        responses=SuggestOutput,
    )
    def get(self, request: Request) -> Response:
        """Complete what somebody is typing."""
        text = " ".join(request.query_params.get("q", "").split())
        if not text or len(text) > MAX_SEARCH_LENGTH or not text.isprintable():
            raise ValidationFailed.for_field("q", f"Give 1 to {MAX_SEARCH_LENGTH} printable characters.")
        ids, source = product_search().suggest(text=text, limit=_limit(request))
        shown = (card for card in product_cards(ids) if card["is_active"])
        body = {"results": [suggestion_to_dict(card) for card in shown]}
        return Response(body, headers={SOURCE_HEADER: source})


def shown_product(key: str) -> Card:
    """The product that the shop shows under this id or slug, else ``NotFound``."""
    pk, slug = parse_key(key)
    card = product_card(id=pk, slug=slug)
    if card is None or not card["is_active"]:
        raise NotFound()
    return card


def product_id_from(key: str) -> int:
    """Id of the product that a path names, hidden or not; services answer for ids that do not exist."""
    pk, slug = parse_key(key)
    found = product_id_of_slug(slug) if slug is not None else pk
    if found is None:
        raise NotFound()
    return found


def search_response(request: Request, *, asked: dict[str, Any], filters: ProductFilterSet) -> Response:
    """A page of what the search engine finds; ``X-Search-Source`` names it."""
    answer = search_asked(request, asked=asked, filters=filters)
    return search_page(request, answer, results=cards_still_true(answer.ids, asked=asked))


def search_asked(
    request: Request,
    *,
    asked: dict[str, Any],
    filters: ProductFilterSet,
    facets: bool = False,
    highlights: bool = False,
) -> SearchAnswer:
    """What the search engine finds."""
    return product_search().search(
        SearchAsked(
            text=asked["search"],
            filters=filters,
            ordering=asked["ordering"] or "relevance",
            page=page_asked(request),
            facets=facets,
            highlights=highlights,
            mode=asked["mode"] or "hybrid",
        )
    )


def search_page(request: Request, answer: SearchAnswer, *, results: list[Card], **more: object) -> Response:
    """The page with ``results``, and ``more`` beside them; headers say which engine, and whether meaning counted."""
    body = page_body(
        request,
        count=answer.count,
        following=answer.following,
        previous=answer.previous,
        results=results,
    )
    return Response(body | more, headers={SOURCE_HEADER: answer.source, MODE_HEADER: answer.mode})


def cards_still_true(ids: list[int], *, asked: dict[str, Any]) -> list[Card]:
    """Cards of what was found, without what has left the shop, or is sold out against the wish, meanwhile."""
    shown = asked["is_active"] is not False
    in_stock = asked["in_stock"]
    return [
        card
        for card in product_cards(ids)
        if card["is_active"] is shown and (in_stock is None or card["in_stock"] is in_stock)
    ]


def _ordering(name: str | None) -> Ordering:
    return _ORDERINGS["newest" if name in (None, "", "relevance") else name]


def _count(filters: ProductFilterSet, products: QuerySet[Product], *, stock: bool) -> int:
    """Length of the list, counted once per state of the catalogue: only what narrows it changes it."""
    narrowed = {
        name: value for name, value in filters.form.cleaned_data.items() if name not in ("ordering", "mode")
    }
    name = f"products {sorted(narrowed.items())} {sorted(filters.attributes.items())}"
    return list_length(name=name, depends_on_stock=stock, make=products.order_by().count)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(_DEFAULT_SUGGESTIONS))
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:4]) <= _MAX_SUGGESTIONS:
        raise ValidationFailed.for_field("limit", f"Use a whole number from 1 to {_MAX_SUGGESTIONS}.")
    return int(text)

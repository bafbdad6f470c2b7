"""Search endpoints."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.permissions import permission_by_method, permission_check, permission_required
from apps.core.api.schema import PAGE_PARAMETERS
from apps.products.api.views.products import FILTER_PARAMETERS, cards_still_true, search_asked, search_page
from apps.products.filters import ProductFilterSet
from apps.search.api.serializers import (
    SearchedTextOutput,
    SearchedTextsInput,
    SearchedTextsOutput,
    SearchExtrasInput,
    SearchOutput,
)
from apps.search.selectors import searched_texts


class SearchApi(APIView):
    """``GET search/``."""

    permission_classes = [permission_by_method(GET=None)]

    @extend_schema(
        operation_id="search",
        parameters=[*PAGE_PARAMETERS, *FILTER_PARAMETERS, SearchExtrasInput],
        responses=SearchOutput,
    )
    def get(self, request: Request) -> Response:
        """Find products, with facets, marked matches and a better spelling. Without ``search``: all, with facets."""
        filters = ProductFilterSet(request.query_params)
        asked = filters.validate()
        if asked["is_active"] is False:
            permission_check(request, "products.view_product")
        extras = SearchExtrasInput(data=request.query_params)
        extras.is_valid(raise_exception=True)
        answer = search_asked(request, asked=asked, filters=filters, **extras.validated_data)
        return search_page(
            request,
            answer,
            results=[
                {**card, "highlights": answer.highlights.get(card["id"], {})}
                for card in cards_still_true(answer.ids, asked=asked)
            ],
            count_is_exact=answer.count_is_exact,
            facets=answer.facets,
            did_you_mean=answer.did_you_mean,
            source=answer.source,
            mode=answer.mode,
            read_as=answer.read_as,
        )


class SearchedTextsApi(APIView):
    """``GET search/texts/``."""

    permission_classes = [permission_required("search.view_searchedtext")]

    @extend_schema(
        operation_id="searched_texts", parameters=[SearchedTextsInput], responses=SearchedTextsOutput
    )
    def get(self, request: Request) -> Response:
        """Show what customers search most, or search in vain; counted once a minute."""
        asked = SearchedTextsInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        days, limit = asked.validated_data["days"], asked.validated_data["limit"]
        first = "nothing" if asked.validated_data["in_vain"] else "total"
        texts = searched_texts(days=days, in_vain=asked.validated_data["in_vain"])
        rows = texts.order_by(f"-{first}", "text")[:limit]
        return Response({"days": days, "results": SearchedTextOutput(rows, many=True).data})

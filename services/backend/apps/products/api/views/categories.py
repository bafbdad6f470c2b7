"""Category and tag endpoints."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.pagination import Ordering, paginate
from apps.core.api.permissions import permission_by_method
from apps.core.api.schema import PAGE_PARAMETERS, page_of
from apps.products.api.keys import parse_key
from apps.products.api.outputs import CategoryDetailOutput, CategoryOutput, TagOutput
from apps.products.api.representations import (
    categories_to_dicts,
    category_ref_to_dict,
    category_to_dict,
    tag_to_dict,
)
from apps.products.api.serializers import CategoryInput
from apps.products.errors import CategoryNotFound
from apps.products.models import Category
from apps.products.selectors import (
    category_ancestors,
    category_get,
    category_list,
    category_product_count,
    tag_list,
)
from apps.products.services.categories import category_create
from meshop_shared.errors import NotFound, ValidationFailed

_TREE = Ordering(("path",))
_BY_NAME = Ordering(("name", "id"))


class CategoryListApi(APIView):
    """``GET, POST products/categories/``."""

    permission_classes = [permission_by_method(GET=None, POST="products.add_category")]

    @extend_schema(
        operation_id="products_categories_list",
        parameters=[
            *PAGE_PARAMETERS,
            OpenApiParameter("parent", str, description="Slug of a category, or `root` for the top."),
        ],
        responses=page_of(CategoryOutput),
    )
    def get(self, request: Request) -> Response:
        """List categories in the order of the tree: each before what is below it."""
        parent = request.query_params.get("parent") or None
        if parent is not None and (len(parent) > 140 or not parent.isprintable()):
            raise ValidationFailed.for_field("parent", "There is no such category.")
        try:
            categories = category_list(parent=parent)
        except CategoryNotFound as error:
            raise ValidationFailed.for_field("parent", error.message) from error
        return Response(paginate(request, categories, ordering=_TREE, serialize=categories_to_dicts))

    @extend_schema(request=CategoryInput, responses={201: CategoryDetailOutput})
    def post(self, request: Request) -> Response:
        """Add a category."""
        serializer = CategoryInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(_detail(category_create(**serializer.validated_data)), status=201)


class CategoryDetailApi(APIView):
    """``GET products/categories/{id or slug}/``."""

    permission_classes = [permission_by_method(GET=None)]

    @extend_schema(responses=CategoryDetailOutput)
    def get(self, request: Request, key: str) -> Response:
        """Show a category, what is above it and what is directly below it."""
        pk, slug = parse_key(key)
        try:
            category = category_get(id=pk, slug=slug)
        except CategoryNotFound as error:
            raise NotFound() from error
        return Response(_detail(category))


class TagListApi(APIView):
    """``GET products/tags/``."""

    permission_classes = [permission_by_method(GET=None)]

    @extend_schema(parameters=PAGE_PARAMETERS, responses=page_of(TagOutput))
    def get(self, request: Request) -> Response:
        """List tags by name."""
        body = paginate(
            request, tag_list(), ordering=_BY_NAME, serialize=lambda rows: [tag_to_dict(row) for row in rows]
        )
        return Response(body)


def _detail(category: Category) -> dict[str, object]:
    above = category_ancestors(category)
    return category_to_dict(category, above[-1].pk if above else None) | {
        "ancestors": [category_ref_to_dict(node) for node in above],
        "children": [
            category_ref_to_dict(node) for node in category_list(parent=category.slug).order_by("path")
        ],
        "product_count": category_product_count(category),
    }

"""Endpoints about pictures."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.fields import MAX_ID
from apps.core.api.permissions import permission_by_method
from apps.visual.answers import Upload, picture_inspect, visual_search
from apps.visual.api.outputs import ImageCheckOutput, PicturesOutput, VisualSearchOutput
from apps.visual.api.serializers import PictureInput, VisualSearchInput
from apps.visual.selectors import pictures_shown
from meshop_shared.errors import ValidationFailed

_PAGE = 500


class VisualSearchApi(APIView):
    """``POST products/visual-search/``."""

    parser_classes = [MultiPartParser]
    permission_classes = [permission_by_method(POST=None)]

    @extend_schema(
        operation_id="products_visual_search",
        request={"multipart/form-data": VisualSearchInput},
        responses=VisualSearchOutput,
    )
    def post(self, request: Request) -> Response:
        """Find products by a photo. It is not kept."""
        serializer = VisualSearchInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        upload = Upload(data["image"], data["image"].size)
        return Response(
            visual_search(upload=upload, text=data["text"], category=data["category"], limit=data["limit"])
        )


class ImageCheckApi(APIView):
    """``POST products/image-check/``."""

    parser_classes = [MultiPartParser]
    permission_classes = [permission_by_method(POST="products.change_product")]

    @extend_schema(
        operation_id="products_image_check",
        request={"multipart/form-data": PictureInput},
        responses=ImageCheckOutput,
    )
    def post(self, request: Request) -> Response:
        """Say of a new picture whether the shop has it already, and suggest a category and colours. It is not kept."""
        serializer = PictureInput(data=request.data)
        serializer.is_valid(raise_exception=True)
        image = serializer.validated_data["image"]
        return Response(picture_inspect(upload=Upload(image, image.size)))


class PicturesApi(APIView):
    """``GET products/pictures/``."""

    permission_classes = [permission_by_method(GET=None)]

    @extend_schema(
        operation_id="products_pictures",
        parameters=[
            OpenApiParameter(
                "before",
                {"type": "integer", "minimum": 1, "maximum": MAX_ID},
                description="Ids below this one.",
            )
        ],
        responses=PicturesOutput,
    )
    def get(self, request: Request) -> Response:
        """List pictures of products, newest first: for services that look at them."""
        rows = pictures_shown(before=_before(request), limit=_PAGE)
        return Response({"next": rows[-1]["id"] if len(rows) == _PAGE else None, "results": rows})


def _before(request: Request) -> int:
    text = request.query_params.get("before", str(MAX_ID))
    if not (text.isascii() and text.isdigit() and len(text) <= 19) or not 0 < int(text) <= MAX_ID:
        raise ValidationFailed.for_field("before", "Give an id.")
    return int(text)

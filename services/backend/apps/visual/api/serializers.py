"""What the endpoints take."""

from rest_framework import serializers

from apps.products.api.fields import TextField
from apps.products.filters import MAX_SEARCH_LENGTH

DEFAULT_LIMIT, MAX_LIMIT = 20, 50


class PictureInput(serializers.Serializer):
    """Multipart body with a picture: JPEG, PNG, WebP or GIF."""

    image = serializers.FileField(allow_empty_file=True)


class VisualSearchInput(PictureInput):
    """Multipart body of ``POST products/visual-search/``."""

    text = TextField(
        required=False, allow_blank=True, max_length=MAX_SEARCH_LENGTH, default="",
        help_text="What to look for when pictures cannot be looked at.",
    )  # fmt: skip
    category = TextField(
        required=False,
        allow_blank=True,
        max_length=140,
        default="",
        help_text="Slug; its descendants count too.",
    )
    limit = serializers.IntegerField(required=False, min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)

"""The OpenAPI document as the backend generates it, without asking a server."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@cache
def openapi_document() -> dict[str, Any]:
    """The document behind ``GET /api/schema/``."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return document

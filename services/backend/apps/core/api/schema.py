"""OpenAPI: the error envelope as a component, and its statuses on every operation."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from apps.core.api.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

#: What every list takes; for ``extend_schema(parameters=...)``.
PAGE_PARAMETERS = [
    OpenApiParameter("page", {"type": "integer", "minimum": 1}, description="Page number, from 1."),
    OpenApiParameter(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": DEFAULT_PAGE_SIZE},
        description="Rows per page.",
    ),
    OpenApiParameter(
        "cursor", str, description="Instead of `page`: empty for the first page, then as in `next`."
    ),
]

_ERROR = {
    "type": "object",
    "required": ["code", "message", "extra", "request_id"],
    "properties": {
        "code": {
            "type": "string",
            "description": "Stable, machine-readable.",
            "example": "validation_error",
        },
        "message": {"type": "string"},
        "extra": {"type": "object", "additionalProperties": True, "description": "`fields` for validation."},
        "request_id": {"type": "string"},
    },
}


def page_of(row: type[serializers.Serializer]) -> serializers.Serializer:
    """Describe a list of ``row``, as :func:`apps.core.api.pagination.paginate` answers it."""
    return inline_serializer(
        name=f"{row.__name__.removesuffix('Serializer')}Page",
        fields={
            "count": serializers.IntegerField(min_value=0),
            "next": serializers.URLField(allow_null=True),
            "previous": serializers.URLField(allow_null=True),
            "results": row(many=True),
        },
    )


def _response(description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": description, "content": content}


def add_error_responses(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Say on each operation that every 4xx and 5xx is the envelope (drf-spectacular post-processing hook)."""
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = _ERROR
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"].setdefault("4XX", _response("The request was refused."))
            operation["responses"].setdefault("5XX", _response("The service failed."))
    return result

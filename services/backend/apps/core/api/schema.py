"""OpenAPI: the error envelope as a component, and its statuses on every operation."""

from typing import Any

_ERROR = {
    "type": "object",
    "required": ["code", "message", "extra", "request_id"],
    "properties": {
        "code": {
            "type": "string",
            "description": "Stable, machine-readable.",
            "examples": ["validation_error"],
        },
        "message": {"type": "string"},
        "extra": {"type": "object", "additionalProperties": True, "description": "`fields` for validation."},
        "request_id": {"type": "string"},
    },
}


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

"""One OpenAPI document for everything behind the gateway, merged from those of the upstreams."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import structlog

from meshop_gateway.compiled import CompiledTable, Route
from meshop_gateway.upstream_conn import UpstreamFailure

log = structlog.get_logger(__name__)

_KEPT_S = 30.0
_SCHEMAS = "#/components/schemas/"
#: Bounds that OpenAPI 3.0 marks as exclusive, and 3.1 gives a name of their own.
_BOUNDS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
_METHODS = frozenset(("get", "head", "post", "put", "patch", "delete", "options"))
_ENVELOPE = {
    "type": "object",
    "required": ["code", "message", "extra", "request_id"],
    "properties": {
        "code": {"type": "string", "description": "Stable, machine-readable."},
        "message": {"type": "string"},
        "extra": {"type": "object", "additionalProperties": True},
        "request_id": {"type": "string"},
    },
}
Fetch = Callable[[str], Awaitable[bytes]]


class MergedDocument:
    """Fetches and merges, at most twice a minute. An upstream that does not answer is left out until it does."""

    def __init__(self, table: Callable[[], CompiledTable], *, fetch: Fetch, version: str) -> None:
        self._table, self._fetch, self._version = table, fetch, version
        self._merged: dict[str, Any] | None = None
        self._merged_at = 0.0
        self._lock = asyncio.Lock()

    async def get(self) -> dict[str, Any]:
        """The document."""
        async with self._lock:
            if self._merged is None or time.monotonic() - self._merged_at > _KEPT_S:
                self._merged, self._merged_at = await self._merge(), time.monotonic()
        return self._merged

    async def _merge(self) -> dict[str, Any]:
        table = self._table()
        described = [upstream for upstream in table.upstreams.values() if upstream.spec.openapi]
        urls = [f"{upstream.spec.url}{upstream.spec.openapi}" for upstream in described]
        documents = await asyncio.gather(*map(self._document, urls))
        merged: dict[str, Any] = {
            "openapi": "3.1.0",
            "info": {"title": "Meshop", "version": self._version},
            "paths": {},
            "components": {"schemas": {"Error": _ENVELOPE}},
        }
        for number, (upstream, document) in enumerate(zip(described, documents, strict=True)):
            if document is None:
                continue
            routes = [route for route in table.routes.values() if route.upstream is upstream]
            document = _to_3_1(document) if str(document.get("openapi", "")).startswith("3.0") else document
            if number:  # names of the first stay, those of the others say where they come from
                document = _renamed(document, upstream.name)
            merge_into(merged, document, routes, table)
        return merged

    async def _document(self, url: str) -> dict[str, Any] | None:
        try:
            document = orjson.loads(await self._fetch(url))
        except (UpstreamFailure, orjson.JSONDecodeError) as error:
            log.warning("OpenAPI document left out", url=url, error=str(error))
            return None
        return document if isinstance(document, dict) else None


def merge_into(
    merged: dict[str, Any], document: dict[str, Any], routes: list[Route], table: CompiledTable
) -> None:
    """Add the operations of ``document`` that clients can reach through ``routes``, and its components."""
    for path, operations in document.get("paths", {}).items():
        for route in routes:
            public = route.spec.prefix.rstrip("/") + path if route.cut else path
            if table.find(public.encode()) is not route:
                continue
            merged["paths"][public] = {
                method: _with_errors(operation) if method in _METHODS else operation
                for method, operation in operations.items()
                if method not in _METHODS or method.upper() in route.methods
            }
    for kind, components in document.get("components", {}).items():
        merged["components"].setdefault(kind, {}).update(components)


def _with_errors(operation: dict[str, Any]) -> dict[str, Any]:
    """What the gateway itself may answer to any operation."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    errors = {
        "4XX": {"description": "The request was refused.", "content": content},
        "5XX": {"description": "The service failed.", "content": content},
    }
    return {**operation, "responses": {**errors, **operation.get("responses", {})}}


def _renamed(document: dict[str, Any], upstream: str) -> dict[str, Any]:
    """Say in the names of schemas and operations whose they are: within the merged document they must be unique."""
    renamed = _with_references({**document, "components": {}}, f"{upstream}.")
    for operations in renamed.get("paths", {}).values():
        for method, operation in operations.items():
            if method in _METHODS and "operationId" in operation:
                operation["operationId"] = f"{upstream}_{operation['operationId']}"
    renamed["components"] = {
        kind: {
            (f"{upstream}.{name}" if kind == "schemas" else name): _with_references(value, f"{upstream}.")
            for name, value in named.items()
        }
        for kind, named in document.get("components", {}).items()
    }
    return renamed


def _with_references(node: Any, prefix: str) -> Any:
    """References stand below ``$ref`` and in the mapping of a discriminator."""
    if isinstance(node, dict):
        return {key: _with_references(value, prefix) for key, value in node.items()}
    if isinstance(node, list):
        return [_with_references(item, prefix) for item in node]
    if isinstance(node, str) and node.startswith(_SCHEMAS):
        return f"{_SCHEMAS}{prefix}{node[len(_SCHEMAS) :]}"
    return node


def _to_3_1(node: Any) -> Any:
    """OpenAPI 3.0 says ``nullable`` and marks exclusive bounds; 3.1 speaks JSON Schema: type ``null``, and numbers."""
    if isinstance(node, list):
        return [_to_3_1(item) for item in node]
    if not isinstance(node, dict):
        return node
    converted = {key: _to_3_1(value) for key, value in node.items()}
    for exclusive, bound in _BOUNDS.items():
        marked = isinstance(converted.get(exclusive), bool) and converted.pop(exclusive)
        if marked and bound in converted:
            converted[exclusive] = converted.pop(bound)
    if not isinstance(converted.get("nullable"), bool):
        return converted
    if not converted["nullable"]:
        del converted["nullable"]
        return converted
    del converted["nullable"]
    if "enum" in converted and None not in converted["enum"]:
        converted["enum"] = [*converted["enum"], None]
    if isinstance(converted.get("type"), str):
        converted["type"] = [converted["type"], "null"]
        return converted
    return {"anyOf": [converted, {"type": "null"}]} if converted else {}

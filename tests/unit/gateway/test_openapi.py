"""Documents of several upstreams become one that is valid: unique names, references that still lead somewhere."""

import asyncio
import json
from typing import Any

import pytest

from meshop_gateway.compiled import CompiledTable, table_compile
from meshop_gateway.openapi import MergedDocument
from meshop_gateway.route_source import default_table, table_from
from meshop_gateway.settings import GatewaySettings
from meshop_gateway.upstream_conn import UpstreamFailure

pytestmark = pytest.mark.unit
REF = "#/components/schemas/"


def document(version: str = "3.1.0", path: str = "/predict") -> dict[str, Any]:
    answer = {"content": {"application/json": {"schema": {"$ref": f"{REF}Item"}}}}
    return {
        "openapi": version,
        "paths": {path: {"post": {"operationId": "predict", "responses": {"200": answer}}, "parameters": []}},
        "components": {
            "schemas": {
                "Item": {
                    "oneOf": [{"$ref": f"{REF}Cat"}],
                    "discriminator": {"propertyName": "kind", "mapping": {"cat": f"{REF}Cat"}},
                },
                "Cat": {"type": "object", "properties": {"nullable": {"type": "boolean"}}},
            }
        },
    }


def merge(documents: dict[str, Any]) -> dict[str, Any]:
    async def scenario() -> dict[str, Any]:
        settings = GatewaySettings(
            backend_url="http://backend:1", ai_urls="one=http://one:1,two=http://two:1"
        )
        spec = table_from(default_table(settings))
        table: CompiledTable = table_compile(spec, previous=None, loop=asyncio.get_running_loop())

        async def fetch(url: str) -> bytes:
            for name, found in documents.items():
                if f"//{name}:" in url:
                    return json.dumps(found).encode()
            raise UpstreamFailure("does not answer")

        return await MergedDocument(lambda: table, fetch=fetch, version="1").get()

    return asyncio.run(scenario())


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set().union(*map(references, node.values()))
    if isinstance(node, list):
        return set().union(*map(references, node))
    return {node} if isinstance(node, str) and node.startswith(REF) else set()


def test_names_of_several_upstreams_do_not_clash_and_references_hold():
    merged = merge({"backend": document(path="/api/x/"), "one": document(), "two": document()})
    assert set(merged["paths"]) == {"/api/x/", "/ai/one/predict", "/ai/two/predict"}
    operations = [merged["paths"][path]["post"]["operationId"] for path in merged["paths"]]
    assert sorted(operations) == ["one_predict", "predict", "two_predict"]
    schemas = merged["components"]["schemas"]
    assert {"Item", "Cat", "one.Item", "one.Cat", "two.Item", "two.Cat", "Error"} == set(schemas)
    assert references(merged) <= {REF + name for name in schemas}
    assert schemas["two.Item"]["discriminator"]["mapping"] == {"cat": f"{REF}two.Cat"}


def test_upstream_that_does_not_answer_is_left_out():
    assert set(merge({"backend": document(path="/api/x/")})["paths"]) == {"/api/x/"}


def test_what_no_route_leads_to_is_left_out():
    assert merge({"backend": document(path="/internal/")})["paths"] == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"allOf": [{"$ref": f"{REF}Cat"}], "nullable": True},
            {"anyOf": [{"allOf": [{"$ref": f"{REF}Cat"}]}, {"type": "null"}]},
        ),
        (
            {"type": "number", "minimum": 0, "exclusiveMinimum": True},
            {"type": "number", "exclusiveMinimum": 0},
        ),
        ({"type": "number", "maximum": 9, "exclusiveMaximum": False}, {"type": "number", "maximum": 9}),
    ],
)
def test_documents_of_openapi_3_0_are_translated(old, new):
    given = document("3.0.3", "/api/x/")
    given["components"]["schemas"]["Old"] = old
    merged = merge({"backend": given})
    assert merged["components"]["schemas"]["Old"] == new
    assert merged["components"]["schemas"]["Cat"]["properties"] == {"nullable": {"type": "boolean"}}

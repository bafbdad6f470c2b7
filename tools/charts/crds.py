"""JSON schemas of the custom resources that the charts make, out of the definitions in their Go modules."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tools.charts.gomodules import module_folder

GATEWAY_API = ("sigs.k8s.io/gateway-api", "v1.4.0", "config/crd/standard")
ISTIO_API = ("istio.io/api", "v1.27.1", "kubernetes")

Schema = dict[str, Any]
Kind = tuple[str, str]


def custom_schemas() -> dict[Kind, Schema]:
    """By apiVersion and kind; strict, so that a field that does not exist is an error."""
    found: dict[Kind, Schema] = {}
    for module, version, folder in (GATEWAY_API, ISTIO_API):
        for definition in _definitions(module_folder(module, version) / folder):
            spec = definition["spec"]
            for served in spec["versions"]:
                kind = (f"{spec['group']}/{served['name']}", spec["names"]["kind"])
                found[kind] = _strict(served["schema"]["openAPIV3Schema"], top=True)
    return found


def _definitions(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            if document and document.get("kind") == "CustomResourceDefinition":
                yield document


def _strict(schema: Any, *, top: bool = False) -> Any:
    """Close every object that names its fields; drop what only an API server evaluates."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _strict(value) for key, value in schema.items() if not key.startswith("x-kubernetes-")}
    if "properties" in schema:
        closed["properties"] = {name: _strict(value) for name, value in schema["properties"].items()}
        if top:
            closed["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {"type": "object"}}
        if schema.get("type") == "object" and "additionalProperties" not in schema:
            closed["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    if schema.get("x-kubernetes-int-or-string"):
        closed.pop("type", None)
    return closed

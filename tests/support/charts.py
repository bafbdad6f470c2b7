"""Rendered charts: what Helm would send to a cluster, as plain data."""

import functools
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tools.charts.assemble import ASSEMBLED, assemble
from tools.charts.helm import HELM, helm
from tools.charts.schemas import AI_SERVICES

Document = dict[str, Any]
RELEASE, NAMESPACE = "meshop", "shop"
POD_KINDS = ("Deployment", "StatefulSet", "Job", "CronJob", "PodTemplate")
#: What turns every part on, the ones that no service of today uses included.
EVERYTHING = json.dumps(
    {
        "global": {
            "searchUrl": "http://elasticsearch:9200",
            "ai": dict.fromkeys(AI_SERVICES, True),
        },
        **{
            name: {"artefacts": {"persistence": True}, "training": {"enabled": True, "atInstall": True}}
            for name in AI_SERVICES
        },
        "operator": {"enabled": True},
        "datastores": {
            "stores": {name: {"enabled": True} for name in ("postgresql-ai", "elasticsearch", "qdrant")}
        },
    }
)


def helm_ensure() -> None:
    """Build Helm, or skip the test where that is impossible."""
    if not HELM.ensure_built():
        pytest.skip("Helm is built from its Go module: install Go 1.24 and let it reach a module proxy")


@functools.cache
def render(
    *sets: str,
    chart: str = "platform",
    values: tuple[str, ...] = (),
    more: str = "",
    api: tuple[str, ...] = (),
    kube: str = "1.34.0",
    release: str = RELEASE,
) -> tuple[Document, ...]:
    """Render with ``--set`` arguments, value files of the chart, and further values as JSON."""
    folder = assemble(chart)
    arguments = [option for name in values for option in ("--values", str(folder / f"values-{name}.yaml"))]
    if more:
        file = ASSEMBLED / f"values-{hashlib.sha256(more.encode()).hexdigest()[:16]}.json"
        file.write_text(more)
        arguments += ["--values", str(file)]
    for pair in sets:
        arguments += ["--set", pair]
    for version in api:
        arguments += ["--api-versions", version]
    text = helm(
        "template", release, str(folder), "--namespace", NAMESPACE, "--kube-version", kube, *arguments
    )
    return tuple(document for document in yaml.safe_load_all(text) if document)


def of_kind(documents: tuple[Document, ...], *kinds: str) -> list[Document]:
    return [document for document in documents if document["kind"] in kinds]


def named(documents: tuple[Document, ...], kind: str, name: str) -> Document:
    found = [d for d in of_kind(documents, kind) if d["metadata"]["name"] == name]
    assert len(found) == 1, f"{len(found)} × {kind}/{name}"
    return found[0]


def pod_template(document: Document) -> Document:
    if document["kind"] == "PodTemplate":
        return dict(document["template"])
    spec: Document = document["spec"]
    template: Document = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]
    return template


def workloads(documents: tuple[Document, ...]) -> list[Document]:
    """Everything that makes pods."""
    return of_kind(documents, *POD_KINDS)


def containers(documents: tuple[Document, ...]) -> Iterator[tuple[str, Document, Document]]:
    """Name of the workload, its pod's spec, and each container of it."""
    for workload in workloads(documents):
        spec = pod_template(workload)["spec"]
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            yield f"{workload['kind']}/{workload['metadata']['name']}/{container['name']}", spec, container


def environment(container: Document) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"] or []}

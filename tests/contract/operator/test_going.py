"""Namespaces that go: nothing of ours holds them up."""

import pytest

from tests.support.charts import of_kind, render
from tests.support.operator_world import (
    ROUTE,
    STABLE,
    STABLE_SERVICE,
    Operators,
    eventually,
    reindex,
    rollout,
)

NAMESPACE = "going"


def here(document, **metadata):
    return {**document, "metadata": {**document["metadata"], **metadata, "namespace": NAMESPACE}}


@pytest.fixture
def going(kube, rights):
    """A namespace of its own, where the operator has the rights that the chart gives it."""
    kube.ensure_namespace(NAMESPACE)
    for document in of_kind(
        render("global.ai.recommendations=true", chart="operator"), "Role", "RoleBinding"
    ):
        kube.apply(here(document))
    template = {
        "apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "reindex"},
        "template": {"spec": {"containers": [{"name": "reindex", "image": "meshop/backend:dev"}]}},
    }  # fmt: skip
    kube.apply(here(template))
    for document in (STABLE, STABLE_SERVICE, ROUTE):
        kube.apply(here(document))
    status = {
        "observedGeneration": 1,
        "replicas": 4,
        "updatedReplicas": 4,
        "readyReplicas": 4,
        "availableReplicas": 4,
    }
    kube.patch("Deployment", "recommendations", {"status": status}, status=True, namespace=NAMESPACE)
    return kube


def test_deleting_a_namespace_does_not_hang(going, tmp_path):
    """In a namespace that goes nothing can be made, no Job that gives a generation up either: it is let go of."""
    operators = Operators(going, tmp_path / "operators", NAMESPACE=NAMESPACE)
    try:
        going.create(here(reindex("held", deletionDeadline="1h")))
        going.create(here(rollout("held", deletionDeadline="1h")))
        operators.start()
        for kind, phase in (("CatalogReindex", "Planning"), ("ModelRollout", "Starting")):
            eventually(
                lambda k=kind, p=phase: (
                    (going.get(k, "held", NAMESPACE) or {}).get("status", {}).get("phase") == p
                )
            )
            assert going.get(kind, "held", NAMESPACE)["metadata"]["finalizers"]
        going.delete("Namespace", NAMESPACE)
        for kind in ("CatalogReindex", "ModelRollout"):  # as the controller of namespaces does
            going.delete(kind, "held", NAMESPACE)
        for kind in ("CatalogReindex", "ModelRollout"):
            eventually(lambda k=kind: going.get(k, "held", NAMESPACE) is None, timeout_s=20)
    finally:
        operators.kill_all()

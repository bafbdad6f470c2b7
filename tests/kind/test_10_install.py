"""What an SRE finds after one command."""

import httpx
import pytest

from tools.kind import release
from tools.kind.config import NAMESPACE, URL


def pods(core):
    return core.list_namespaced_pod(NAMESPACE, label_selector="app.kubernetes.io/part-of=meshop").items


def test_everything_is_ready_and_nothing_was_restarted(core, apps):
    for deployment in apps.list_namespaced_deployment(NAMESPACE).items:
        wanted = deployment.spec.replicas
        assert deployment.status.ready_replicas == wanted, deployment.metadata.name
    for pod in pods(core):
        if pod.metadata.owner_references[0].kind != "Job":
            restarts = {s.name: s.restart_count for s in pod.status.container_statuses}
            assert not any(restarts.values()), (pod.metadata.name, restarts)


def test_the_namespace_enforces_restricted(core):
    labels = core.read_namespace(NAMESPACE).metadata.labels
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_everybody_is_in_the_mesh_as_a_native_sidecar(core):
    for pod in pods(core):
        sidecars = [c.name for c in pod.spec.init_containers or [] if c.restart_policy == "Always"]
        assert "istio-proxy" in sidecars, pod.metadata.name


def test_jobs_ended(core):
    for pod in pods(core):
        if pod.metadata.owner_references[0].kind == "Job":
            assert pod.status.phase == "Succeeded", pod.metadata.name


def test_memory_fits_a_small_machine(core):
    units = {"Mi": 1, "Gi": 1024}

    def mebibytes(text):
        return float(text[:-2]) * units[text[-2:]]

    requested = sum(
        mebibytes((container.resources.requests or {}).get("memory", "0Mi"))
        for pod in pods(core)
        if pod.status.phase == "Running"
        for container in [
            *pod.spec.containers,
            *[c for c in pod.spec.init_containers or [] if c.restart_policy == "Always"],
        ]
    )
    assert requested < 8 * 1024


@pytest.mark.parametrize("path", ["/api/health/", "/api/products/", "/docs", "/healthz"])
def test_the_ingress_serves_the_shop(path):
    assert httpx.get(URL + path, timeout=30).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/gateway/status", "/"])
def test_the_ingress_keeps_the_inside_inside(path):
    assert httpx.get(URL + path, timeout=30).status_code == 404


def test_helm_test_buys_something():
    assert "Bought." in release.buy()


def test_secrets_survive_an_upgrade():
    names = ("meshop-store", "postgresql", "redis", "rabbitmq", "meshop-admin")
    before = [release.secret_text(name) for name in names]
    release.install()
    assert [release.secret_text(name) for name in names] == before

"""What an SRE finds after one command."""

import httpx
import pytest
from kubernetes import client

from tests.kind.support.node import memory_gib
from tests.kind.support.pods import restarts, running_pods, shop_pods, sidecars
from tools.kind import release
from tools.kind.config import NAMESPACE, URL

SECRETS = ("meshop-store", "postgresql", "redis", "rabbitmq", "meshop-admin")


def test_everything_is_ready_and_nothing_was_restarted(core, apps):
    for deployment in apps.list_namespaced_deployment(NAMESPACE).items:
        assert deployment.status.ready_replicas == deployment.spec.replicas, deployment.metadata.name
    for stateful in apps.list_namespaced_stateful_set(NAMESPACE).items:
        assert stateful.status.ready_replicas == stateful.spec.replicas, stateful.metadata.name
    assert restarts(core) == {}


def test_the_namespace_enforces_restricted(core):
    labels = core.read_namespace(NAMESPACE).metadata.labels
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_everybody_is_in_the_mesh_as_a_native_sidecar(core):
    pods = shop_pods(core)
    assert len(pods) > 12
    for pod in pods:
        proxies = sidecars(pod) or pod.spec.containers  # the ingress is nothing but a proxy
        assert "istio-proxy" in [container.name for container in proxies], pod.metadata.name


def test_jobs_ended(cluster):
    jobs = {job.metadata.name: job.status for job in client.BatchV1Api().list_namespaced_job(NAMESPACE).items}
    assert {"migrate", "demo"} <= {name.rpartition("-")[0] for name in jobs}
    assert {name for name, status in jobs.items() if not status.succeeded} == set()


def test_memory_fits_a_small_machine(core, capsys):
    """The whole node: Kubernetes, the mesh, the stores and the shop."""
    used = memory_gib()
    with capsys.disabled():
        print(f"\nthe node uses {used:.1f} GiB, {len(running_pods(core))} pods of the shop run")
    assert used < 8


@pytest.mark.parametrize("path", ["/api/health/", "/api/products/", "/docs", "/healthz"])
def test_the_ingress_serves_the_shop(path):
    assert httpx.get(URL + path, timeout=30).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/gateway/status", "/"])
def test_the_ingress_keeps_the_inside_inside(path):
    assert httpx.get(URL + path, timeout=30).status_code == 404


def test_helm_test_buys_something():
    assert "Bought." in release.buy()


def test_secrets_survive_an_upgrade():
    before = [release.secret_text(name) for name in SECRETS]
    release.install()
    assert [release.secret_text(name) for name in SECRETS] == before

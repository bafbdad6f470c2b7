"""More visitors, more pods; fewer visitors, fewer pods."""

from tests.kind.support.load import Visitors
from tests.kind.support.probes import until
from tools.kind.config import NAMESPACE


def replicas(apps):
    return apps.read_namespaced_deployment_status("backend", NAMESPACE).status.ready_replicas or 0


def test_the_backend_follows_the_load(apps, autoscaling):
    scale = autoscaling.read_namespaced_horizontal_pod_autoscaler("backend", NAMESPACE)
    assert scale.spec.min_replicas == 1
    until(lambda: replicas(apps) == 1, 300, "one quiet replica")
    with Visitors(12) as visitors:
        until(lambda: replicas(apps) >= 2, 300, "a second replica")
    assert visitors.statuses["200"] > 100
    until(lambda: replicas(apps) == 1, 420, "one replica again")

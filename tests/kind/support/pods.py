"""Pods of the shop as the API shows them."""

from typing import Any

from kubernetes import client

from tools.kind.config import NAMESPACE

PART = "app.kubernetes.io/part-of=meshop"


def shop_pods(core: client.CoreV1Api) -> list[Any]:
    """Everything that the charts made, Jobs that have ended included."""
    return list(core.list_namespaced_pod(NAMESPACE, label_selector=PART).items)


def running_pods(core: client.CoreV1Api) -> list[Any]:
    """What runs in the namespace, the ingress included, and is not on its way out."""
    pods = core.list_namespaced_pod(NAMESPACE).items
    return [p for p in pods if p.status.phase == "Running" and p.metadata.deletion_timestamp is None]


def pods_of(core: client.CoreV1Api, workload: str) -> list[Any]:
    """Running pods of one workload."""
    label = "app.kubernetes.io/name"
    return [pod for pod in running_pods(core) if (pod.metadata.labels or {}).get(label) == workload]


def sidecars(pod: Any) -> list[Any]:
    """Containers that start before the others and stay."""
    return [c for c in pod.spec.init_containers or [] if c.restart_policy == "Always"]


def is_of_job(pod: Any) -> bool:
    """Whether it belongs to something that ends."""
    return any(owner.kind == "Job" for owner in pod.metadata.owner_references or [])


def restarts(core: client.CoreV1Api) -> dict[str, int]:
    """Restarts of every container that runs, sidecars included; only those that had any."""
    return {
        f"{pod.metadata.name}/{status.name}": status.restart_count
        for pod in running_pods(core)
        if not is_of_job(pod)
        for status in [*(pod.status.container_statuses or []), *(pod.status.init_container_statuses or [])]
        # What waits for the database before a program starts may have to wait more than once.
        if status.restart_count and status.name in {c.name for c in [*pod.spec.containers, *sidecars(pod)]}
    }

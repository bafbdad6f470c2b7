"""What happens on the node without the cluster being asked."""

from typing import Any

from kubernetes import client

from tests.kind.support.pods import pods_of
from tests.kind.support.probes import until
from tools.kind.config import CLUSTER
from tools.kind.shell import run

NODE = f"{CLUSTER}-control-plane"


def kill_container(core: client.CoreV1Api, workload: str) -> None:
    """SIGKILL to the workload's own process on the node; waits until the kubelet has started it again and it works."""
    pod = pods_of(core, workload)[0]
    before = _status(pod, workload)
    container = before.container_id.removeprefix("containerd://")
    run(
        "docker",
        "exec",
        NODE,
        "ctr",
        "--namespace",
        "k8s.io",
        "tasks",
        "kill",
        "--signal",
        "SIGKILL",
        container,
    )

    def is_back() -> bool:
        again = core.read_namespaced_pod(pod.metadata.name, pod.metadata.namespace)
        status = _status(again, workload)
        return bool(status.restart_count > before.restart_count and status.ready)

    until(is_back, 240, f"{workload} after its end")


def _status(pod: Any, container: str) -> Any:
    return next(status for status in pod.status.container_statuses if status.name == container)


def memory_gib() -> float:
    """Memory of everything on the node, without what the kernel caches and could drop."""
    usage = run("docker", "stats", "--no-stream", "--format", "{{.MemUsage}}", NODE).split("/")[0].strip()
    number, unit = usage[:-3], usage[-3:]
    return float(number) * {"KiB": 2**-20, "MiB": 2**-10, "GiB": 1}[unit]

"""What runs is as restricted as the charts say: asked of the API, and of the kernel inside of the containers."""

import json
import subprocess

import pytest

from tests.kind.support.pods import running_pods, sidecars
from tools.errors import ToolError
from tools.kind.config import NAMESPACE
from tools.kind.shell import environment, kubectl

#: /proc/1/status of a process that may nothing: no capability to use or to gain, no way to get any, a filter on.
POWERLESS = {"CapEff": "0000000000000000", "CapBnd": "0000000000000000", "NoNewPrivs": "1", "Seccomp": "2"}
LOOK = (
    "while read -r name value rest; do case $name in Uid:|CapEff:|CapBnd:|NoNewPrivs:|Seccomp:) "
    'echo "$name $value";; esac; done </proc/1/status; (echo >/forbidden) 2>/dev/null && echo "Root: writable"; true'
)


def every_container(core):
    """Pod, container and its specification, the mesh's and those of Jobs that have ended included."""
    for pod in core.list_namespaced_pod(NAMESPACE).items:
        for container in [*(pod.spec.init_containers or []), *pod.spec.containers]:
            yield pod, container


def test_every_container_asks_for_no_privilege(core):
    wrong = []
    found = list(every_container(core))
    assert len(found) > 30
    for pod, container in found:
        own, all_of_pod = container.security_context, pod.spec.security_context
        seccomp = (own and own.seccomp_profile) or all_of_pod.seccomp_profile
        held = {
            "non-root": own.run_as_non_root or all_of_pod.run_as_non_root,
            "read-only root": own.read_only_root_filesystem,
            "no escalation": own.allow_privilege_escalation is False,
            "no capabilities": own.capabilities.drop == ["ALL"] and not own.capabilities.add,
            "seccomp": seccomp and seccomp.type == "RuntimeDefault",
            "not privileged": not own.privileged,
        }
        wrong += [f"{pod.metadata.name}/{container.name}: {what}" for what, yes in held.items() if not yes]
    assert wrong == []


def test_every_container_says_what_it_takes(core):
    wrong = []
    for pod, container in every_container(core):
        resources = container.resources
        requests, limits = resources.requests or {}, resources.limits or {}
        if not {"cpu", "memory"} <= set(requests) or "memory" not in limits:
            wrong.append(f"{pod.metadata.name}/{container.name}: {requests} {limits}")
    assert wrong == []


def test_every_container_that_stays_is_probed(core):
    wrong = []
    for pod in running_pods(core):
        for container in [*pod.spec.containers, *sidecars(pod)]:
            probes = {
                "startup": container.startup_probe,
                "liveness": container.liveness_probe,
                "readiness": container.readiness_probe,
            }
            # A proxy that hangs fails the probes of the program behind it; the mesh gives it no liveness of its own.
            wanted = {"startup", "readiness"} if container.name == "istio-proxy" else set(probes)
            missing = [name for name in wanted if probes[name] is None]
            if missing:
                wrong.append(f"{pod.metadata.name}/{container.name}: {missing}")
    assert wrong == []


def test_no_pod_shares_anything_of_the_node(core):
    for pod in running_pods(core):
        spec = pod.spec
        assert not any([spec.host_network, spec.host_pid, spec.host_ipc]), pod.metadata.name
        assert not [volume.name for volume in spec.volumes if volume.host_path], pod.metadata.name


def test_the_kernel_agrees(core):
    wrong = []
    for pod in running_pods(core):
        for container in pod.spec.containers:
            done = subprocess.run(
                ["kubectl", "exec", "--namespace", NAMESPACE, pod.metadata.name, "--container", container.name, "--",
                 "sh", "-c", LOOK],
                env=environment(), text=True, capture_output=True, timeout=60, check=False,
            )  # fmt: skip
            seen = dict(line.split(": ", 1) for line in done.stdout.splitlines())
            wanted = {**POWERLESS, "Uid": seen.get("Uid", "0")}
            if seen != wanted or seen["Uid"] == "0":
                wrong.append(f"{pod.metadata.name}/{container.name}: {seen} {done.stderr}")
    assert wrong == []


@pytest.mark.parametrize(
    "change",
    [
        {"securityContext": {"privileged": True}},
        {"securityContext": {"runAsUser": 0, "runAsNonRoot": False}},
        {},
    ],
    ids=["privileged", "root", "nothing said"],
)
def test_the_namespace_refuses_what_is_not_restricted(change):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "intruder", "namespace": NAMESPACE},
        "spec": {"containers": [{"name": "intruder", "image": "meshop/backend:dev", **change}]},
    }
    with pytest.raises(ToolError, match="violates PodSecurity"):
        kubectl("apply", "--dry-run=server", "--filename", "-", text=json.dumps(pod))

"""Connection attempts from inside the pods of every workload, under their own identities."""

import json
import subprocess
import time
from typing import Any

from kubernetes import client

from tests.kind.support.pods import pods_of
from tools.kind.config import NAMESPACE, RELEASE
from tools.kind.shell import environment, kubectl

#: What makes each kind of server say something. A refused connection is reset, or answered by the proxy with 403.
GREETINGS = {
    5432: r"\x00\x00\x00\x08\x04\xd2\x16\x2f",
    6379: r"PING\r\n",
    5672: r"AMQP\x00\x00\x09\x01",
}
#: The mesh routes HTTP by Host.
HTTP_GREETING = r"GET /healthz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
#: Arguments are host, port and greeting of every target; all are tried at once. One line for each: what it said.
_PROBE = """
try() { exec 3<>/dev/tcp/$1/$2 && printf "$3" >&3 && dd bs=12 count=1 status=none <&3 | od -An -c | tr -d ' \\n'; }
export -f try
while [ $# -gt 0 ]; do
    { answer=$(timeout 8 bash -c 'try "$@"' try "$1" "$2" "$3" 2>/dev/null); echo "$1:$2 $answer"; } &
    shift 3
done
wait
"""
Target = tuple[str, int]


class Prober:
    """Knows a pod for every workload; for Jobs, which have ended, it makes one with the same identity and labels."""

    def __init__(self, core: client.CoreV1Api) -> None:
        self._core = core
        self._own: list[str] = []

    def answers(self, workload: str, targets: list[Target], account: str = "") -> dict[Target, str]:
        """What a pod of the workload hears from each target: ``reached``, ``refused``, or what else came."""
        pod, container = self._pod(workload, account or workload)
        arguments = [
            part
            for host, port in targets
            for part in (host, str(port), GREETINGS.get(port) or HTTP_GREETING % host)
        ]
        done = subprocess.run(
            ["kubectl", "exec", "--namespace", NAMESPACE, pod, "--container", container, "--",
             "bash", "-c", _PROBE, "probe", *arguments],
            env=environment(), text=True, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        said = dict(line.partition(" ")[::2] for line in done.stdout.splitlines())
        assert len(said) == len(targets), done.stdout + done.stderr
        return {(host, port): _meaning(said[f"{host}:{port}"]) for host, port in targets}

    def close(self) -> None:
        """Remove the pods that were made here."""
        for name in self._own:
            kubectl("delete", "pod", name, "--namespace", NAMESPACE, "--wait=false", "--ignore-not-found")

    def _pod(self, workload: str, account: str) -> tuple[str, str]:
        """A running pod of the workload, and its container.

        Not that of the ingress, which is a proxy and nothing else: what is started in it bypasses the mesh.
        """
        for pod in pods_of(self._core, workload):
            names = [container.name for container in pod.spec.containers]
            if names != ["istio-proxy"]:
                return pod.metadata.name, workload if workload in names else names[0]
        return self._make(workload, account), "probe"

    def _make(self, workload: str, account: str, *, meshed: bool = True) -> str:
        name = f"probe-{workload}"
        if name in self._own:
            return name
        kubectl(
            "apply", "--filename", "-", text=json.dumps(probe_pod(name, workload, account, meshed=meshed))
        )
        self._own.append(name)
        kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--namespace", NAMESPACE, "--timeout=120s")
        return name

    def make_outsider(self, name: str, *, meshed: bool) -> None:
        """A pod that nobody knows: in the mesh under an account of its own, or outside of it."""
        account = {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": name, "namespace": NAMESPACE},
        }
        kubectl("apply", "--filename", "-", text=json.dumps(account))
        self._make(name, name, meshed=meshed)


def _meaning(answer: str) -> str:
    """A proxy that refuses resets the connection, or answers HTTP with 403."""
    if not answer or answer == "HTTP/1.1403":
        return "refused"
    if answer.startswith("HTTP/1.150"):
        return answer
    return "reached"


def probe_pod(name: str, workload: str, account: str, *, meshed: bool) -> dict[str, Any]:
    """A pod that sleeps."""
    security = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    container = {
        "name": "probe",
        "image": "meshop/backend:dev",
        "imagePullPolicy": "Never",
        "command": ["sleep", "3600"],
        "securityContext": security,
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}, "limits": {"memory": "64Mi"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {
                "app.kubernetes.io/name": workload,
                "app.kubernetes.io/instance": RELEASE,
                "sidecar.istio.io/inject": str(meshed).lower(),
            },
        },
        "spec": {
            "serviceAccountName": account,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "terminationGracePeriodSeconds": 1,
            "containers": [container],
        },
    }


def until(check, seconds: float, what: str):
    """The first answer that is true. Fails when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what} did not come in {seconds:.0f} s"
        time.sleep(1)

"""The world of an operator on a bare API server: its processes, and somebody who plays kubelet and controllers."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.kube_api import NAMESPACE, VERSIONS, KubeApi
from tests.support.polling import wait_until
from tools.paths import ROOT
from tools.ports import pick_port

Document = dict[str, Any]
#: What the program of each phase says in the end, as `manage.py catalog_reindex` does.
SAYS: dict[str, Document] = {
    "plan": {"phase": "plan", "replaces": "g0"},
    "build": {"phase": "build", "documents": 1000, "finished": True},
    "catch_up": {"phase": "catch_up", "events": 3, "seconds": 0.4},
    "verify": {"phase": "verify", "passed": True, "documents": 1000},
    "swap": {"phase": "swap", "active": "new"},
    "delete": {"phase": "delete"},
    "abort": {"phase": "abort"},
    "rollback": {"phase": "swap", "active": "g0"},
}
BROKEN = {
    "error": "generation_broken",
    "message": "The generation is broken.",
    "extra": {"text": {"ids": [7]}},
}


def eventually(
    condition: Callable[[], bool], *, timeout_s: float = 60.0, every_s: float = 0.05, what: str = ""
) -> None:
    """Wait as long as a machine may take that does much else."""
    wait_until(condition, timeout_s=timeout_s, every_s=every_s, what=what)


def now_text() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Operators:
    """Operator processes, each with a name in the Lease."""

    def __init__(self, kube: KubeApi, folder: Path, **environment: str) -> None:
        self._kube, self._folder, self._environment = kube, folder, environment
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.ports: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str = "a", *, server: str = "", **environment: str) -> subprocess.Popen[bytes]:
        """Start one."""
        self.ports[name] = pick_port()
        config = self._kube.kubeconfig(self._folder / f"{name}.kubeconfig", server=server)
        own = {
            "KUBECONFIG": str(config), "NAMESPACE": NAMESPACE, "IDENTITY": name, "PORT": str(self.ports[name]),
            "LOG_LEVEL": "INFO",
        }  # fmt: skip
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "meshop_operator"], cwd=ROOT / "operators", stdin=subprocess.DEVNULL,
                env={**os.environ, **own, **self._environment, **environment}, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.running[name] = process
        return process

    def lead(self, name: str = "a", **environment: str) -> None:
        """Start one, and wait until it holds the Lease: what a test measures begins then."""
        self.start(name, **environment)

        def leads() -> bool:
            lease = self._kube.get("Lease", "meshop-operator")
            return bool(lease and lease["spec"].get("holderIdentity") == name)

        eventually(leads, what=f"{name} to lead")

    def kill(self, name: str = "a") -> None:
        """SIGKILL."""
        process = self.running.pop(name)
        process.kill()
        process.wait(timeout=10)

    def stop(self, name: str = "a") -> int:
        """SIGTERM, and the exit status."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout=20)

    def kill_all(self) -> None:
        """Leave nothing running."""
        for name in list(self.running):
            self.kill(name)

    def log(self, name: str = "a") -> str:
        """What it said."""
        return (self._folder / f"{name}.log").read_text()


class Cluster:
    """Plays everything between objects and pods, in a thread: pods run and end, Deployments get ready, owners take
    what is theirs along. ``faults`` says, by phase, how many of its Jobs fail; ``held`` phases do not end.
    """

    def __init__(self, kube: KubeApi, *, every_s: float = 0.03) -> None:
        self._kube, self._every_s = kube, every_s
        self.faults: Counter[str] = Counter()
        self.held: set[str] = set()
        self.unready: set[str] = set()
        #: Uids of every Job that there ever was, by name.
        self.jobs: dict[str, set[str]] = {}
        self.commands: list[tuple[str, list[str]]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self.error: BaseException | None = None

    def __enter__(self) -> "Cluster":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=20)

    def _live(self) -> None:
        while not self._stop.is_set():
            try:
                self.turn()
            except BaseException as error:
                if self._stop.is_set():
                    return
                self.error = error
            self._stop.wait(self._every_s)

    def turn(self) -> None:
        """Bring everything one step on."""
        for job in self._kube.list("Job"):
            self._job(job)
        for deployment in self._kube.list("Deployment"):
            self._deployment(deployment)
        self._collect()

    def _job(self, job: Document) -> None:
        name = job["metadata"]["name"]
        if job["metadata"]["uid"] not in self.jobs.setdefault(name, set()):
            self.jobs[name].add(job["metadata"]["uid"])
            self.commands.append((name, job["spec"]["template"]["spec"]["containers"][0].get("args", [])))
        phase = _phase_of(job)
        ended = [
            c for c in job.get("status", {}).get("conditions", []) if c["type"] in ("Complete", "Failed")
        ]
        if ended or job["spec"].get("suspend") or phase in self.held:
            return
        failing = self.faults[phase] > 0
        if failing:
            self.faults[phase] -= 1
        said = BROKEN if failing else SAYS.get(phase, {"phase": phase})
        count = int(job["spec"].get("completions", 1))
        for index in range(1 if failing else count):
            self._pod(job, f"{name}-{index}", said, code=1 if failing else 0)
        self._end(job, failing=failing, count=count)

    def _pod(self, job: Document, name: str, said: Document, *, code: int) -> None:
        template = job["spec"]["template"]
        labels = {
            **template["metadata"].get("labels", {}),
            "batch.kubernetes.io/job-name": job["metadata"]["name"],
        }
        self._kube.try_create(
            {
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {
                    "name": name, "namespace": NAMESPACE, "labels": labels,
                    "ownerReferences": [
                        {"apiVersion": "batch/v1", "kind": "Job", "name": job["metadata"]["name"],
                         "uid": job["metadata"]["uid"]}
                    ],
                },
                "spec": template["spec"],
            }
        )  # fmt: skip
        ended = {
            "exitCode": code,
            "reason": "Completed" if code == 0 else "Error",
            "message": json.dumps(said),
        }
        container = template["spec"]["containers"][0]
        status = {
            "phase": "Succeeded" if code == 0 else "Failed",
            "containerStatuses": [
                {"name": container["name"], "image": container["image"], "imageID": "", "ready": False,
                 "restartCount": 0, "state": {"terminated": ended}}
            ],
        }  # fmt: skip
        self._kube.patch("Pod", name, {"status": status}, status=True)

    def _end(self, job: Document, *, failing: bool, count: int) -> None:
        moment = now_text()

        def truth(kind: str, reason: str = "") -> Document:
            return {"type": kind, "status": "True", "reason": reason, "lastTransitionTime": moment}

        status: Document = {"startTime": moment}
        if failing:
            status |= {"failed": 1, "conditions": [
                truth("FailureTarget", "BackoffLimitExceeded"), truth("Failed", "BackoffLimitExceeded")
            ]}  # fmt: skip
        else:
            status |= {"succeeded": count, "completionTime": moment, "conditions": [
                truth("SuccessCriteriaMet", "CompletionsReached"), truth("Complete", "CompletionsReached")
            ]}  # fmt: skip
            if job["spec"].get("completionMode") == "Indexed":
                status["completedIndexes"] = f"0-{count - 1}" if count > 1 else "0"
        self._change(
            lambda: self._kube.patch("Job", job["metadata"]["name"], {"status": status}, status=True)
        )

    def _deployment(self, deployment: Document) -> None:
        name, spec = deployment["metadata"]["name"], deployment["spec"]
        ready = 0 if name in self.unready else spec["replicas"]
        wanted = {
            "observedGeneration": deployment["metadata"]["generation"], "replicas": spec["replicas"],
            "updatedReplicas": spec["replicas"], "readyReplicas": ready, "availableReplicas": ready,
        }  # fmt: skip
        status = deployment.get("status", {})
        if any(int(status.get(key, 0)) != value for key, value in wanted.items()):
            self._change(lambda: self._kube.patch("Deployment", name, {"status": wanted}, status=True))

    def _collect(self) -> None:
        """What the garbage collector does."""
        for kind, owner_kinds in (
            ("Job", ("CatalogReindex", "ModelRollout")),
            ("Deployment", ("ModelRollout",)),
            ("Service", ("ModelRollout",)),
            ("HTTPRoute", ("ModelRollout",)),
            ("Pod", ("Job",)),
        ):
            owners = {o["metadata"]["uid"] for owner in owner_kinds for o in self._kube.list(owner)}
            for child in self._kube.list(kind):
                mine = [
                    r["uid"] for r in child["metadata"].get("ownerReferences", []) if r["kind"] in owner_kinds
                ]
                if mine and not set(mine) & owners:
                    self._kube.delete(kind, child["metadata"]["name"])

    def _change(self, change: Any) -> None:
        try:
            change()
        except AssertionError as error:
            if "NotFound" not in str(error) and "not found" not in str(error):
                raise


def _phase_of(job: Document) -> str:
    args = job["spec"]["template"]["spec"]["containers"][0].get("args", [])
    return str(args[args.index("--phase") + 1]) if "--phase" in args else "evaluation"


POD_TEMPLATE: Document = {
    "apiVersion": "v1",
    "kind": "PodTemplate",
    "metadata": {"name": "reindex", "namespace": NAMESPACE},
    "template": {
        "metadata": {"labels": {"app.kubernetes.io/name": "reindex"}},
        "spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "reindex", "image": "meshop/backend:dev"}],
        },
    },
}


def reindex(name: str, **spec: Any) -> Document:
    """A CatalogReindex."""
    return {
        "apiVersion": "meshop.io/v1alpha1", "kind": "CatalogReindex",
        "metadata": {"name": name, "namespace": NAMESPACE}, "spec": {"shards": 2, **spec},
    }  # fmt: skip


def clean(kube: KubeApi) -> None:
    """Remove everything that a test left, finalizers or not."""
    for kind in ("CatalogReindex", "ModelRollout"):
        for found in kube.list(kind):
            name = found["metadata"]["name"]
            kube.delete(kind, name)
            if kube.get(kind, name) is not None:
                kube.patch(kind, name, {"metadata": {"finalizers": []}})
    for kind in ("Job", "Pod", "Deployment", "Service", "HTTPRoute", "Lease", "PodTemplate", "Event"):
        path = kube.collection({"apiVersion": VERSIONS.get(kind, "v1"), "kind": kind, "metadata": {}})
        answer = kube.http.delete(path, params={"propagationPolicy": "Background", "gracePeriodSeconds": "0"})
        if answer.status_code == 405:  # Services are deleted one by one
            for found in kube.list(kind):
                kube.delete(kind, found["metadata"]["name"])


def status_of(kube: KubeApi, kind: str, name: str) -> Document:
    """The status of an object; empty while there is none."""
    found = kube.get(kind, name)
    return dict(found.get("status", {})) if found else {}


def reaches(kube: KubeApi, kind: str, name: str, *phases: str, within_s: float = 60.0) -> Document:
    """The status once it is in one of ``phases``. Fails with the last one when that takes too long."""
    deadline = time.monotonic() + within_s
    while True:
        status = status_of(kube, kind, name)
        if status.get("phase") in phases:
            return status
        assert time.monotonic() < deadline, f"{phases} not reached: {json.dumps(status, indent=1)}"
        time.sleep(0.05)


def events_of(kube: KubeApi, name: str) -> list[tuple[str, str]]:
    """Reason and message of what was told about an object."""
    return [(e["reason"], e["message"]) for e in kube.list("Event") if e["involvedObject"]["name"] == name]


SERVICE = "recommendations"
CANARY = "recommendations-canary"
_SELECTOR = {"app.kubernetes.io/name": SERVICE, "app.kubernetes.io/instance": "meshop"}
STABLE: Document = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": SERVICE, "namespace": NAMESPACE},
    "spec": {
        "replicas": 4,
        "selector": {"matchLabels": _SELECTOR},
        "template": {
            "metadata": {"labels": {**_SELECTOR, "app.kubernetes.io/part-of": "meshop"}},
            "spec": {
                "serviceAccountName": SERVICE,
                "containers": [
                    {
                        "name": SERVICE,
                        "image": "meshop/recommendations:dev",
                        "env": [{"name": "PORT", "value": "8000"}],
                    }
                ],
            },
        },
    },
}
STABLE_SERVICE: Document = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": SERVICE, "namespace": NAMESPACE},
    "spec": {"selector": _SELECTOR, "ports": [{"name": "http", "port": 8000, "targetPort": 8000}]},
}
#: As the platform makes it, and a backend and a filter of somebody else's.
ROUTE: Document = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "recommendations-timeout", "namespace": NAMESPACE},
    "spec": {
        "parentRefs": [{"group": "", "kind": "Service", "name": SERVICE, "port": 8000}],
        "rules": [
            {
                "timeouts": {"request": "5s"},
                "filters": [
                    {
                        "type": "RequestHeaderModifier",
                        "requestHeaderModifier": {"set": [{"name": "x-a", "value": "b"}]},
                    }
                ],
                "backendRefs": [{"name": SERVICE, "port": 8000}],
            }
        ],
    },
}


def rollout(name: str = "better", **spec: Any) -> Document:
    """A ModelRollout of three weights."""
    wanted: Document = {
        "service": SERVICE, "version": "v2", "scaleDownDelay": "0s",
        "steps": [{"setWeight": 10}, {"setWeight": 50}, {"setWeight": 100}],
    }  # fmt: skip
    return {
        "apiVersion": "meshop.io/v1alpha1", "kind": "ModelRollout",
        "metadata": {"name": name, "namespace": NAMESPACE}, "spec": {**wanted, **spec},
    }  # fmt: skip

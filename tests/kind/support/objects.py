"""CatalogReindexes and ModelRollouts of the cluster, and numbers for their analyses."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kubernetes import client

from tests.kind.support.probes import until
from tools.kind.config import NAMESPACE
from tools.kind.shell import kubectl

GROUP, VERSION = "meshop.io", "v1alpha1"
PLURALS = {"CatalogReindex": "catalogreindexes", "ModelRollout": "modelrollouts"}
#: The operator's NetworkPolicy lets it out to this port; nothing else of the graph knows it.
PORT = 6443


class Objects:
    """Objects of one kind."""

    def __init__(self, kind: str) -> None:
        self._kind, self._plural = kind, PLURALS[kind]
        self._api = client.CustomObjectsApi()

    @contextmanager
    def made(self, name: str, **spec: Any) -> Iterator[None]:
        """There is one while this lasts; afterwards it is gone, and what it changed is as before."""
        body = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": self._kind,
            "metadata": {"name": name},
            "spec": spec,
        }
        self._api.create_namespaced_custom_object(GROUP, VERSION, NAMESPACE, self._plural, body)
        try:
            yield
        finally:
            self._api.delete_namespaced_custom_object(GROUP, VERSION, NAMESPACE, self._plural, name)
            until(lambda: name not in self.names(), 180, f"the end of {name}")

    def names(self) -> list[str]:
        """Those that there are."""
        found = self._api.list_namespaced_custom_object(GROUP, VERSION, NAMESPACE, self._plural)
        return [item["metadata"]["name"] for item in found["items"]]

    def status(self, name: str) -> dict[str, Any]:
        """Its status; empty before the first look."""
        found = self._api.get_namespaced_custom_object(GROUP, VERSION, NAMESPACE, self._plural, name)
        return dict(found.get("status", {}))

    def control(self, name: str, **intent: Any) -> None:
        """What a person wants of it."""
        change = {"spec": {"control": intent}}
        self._api.patch_namespaced_custom_object(GROUP, VERSION, NAMESPACE, self._plural, name, change)

    def reaches(self, name: str, *phases: str, within_s: float = 240) -> dict[str, Any]:
        """The status once it is in one of ``phases``."""
        until(lambda: self.status(name).get("phase") in phases, within_s, f"{name} in {phases}")
        return self.status(name)


class Numbers:
    """A server outside of the mesh whose answers are files: what a metric of each workload is."""

    NAME, NAMESPACE = "numbers", "default"

    def url(self) -> str:
        """For the ``http`` of a metric."""
        return f"http://{self.NAME}.{self.NAMESPACE}.svc.cluster.local:{PORT}"

    def __enter__(self) -> "Numbers":
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.NAME, "labels": {"app": self.NAME, "sidecar.istio.io/inject": "false"}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [
                    {
                        "name": self.NAME,
                        "image": "meshop/backend:dev",
                        "imagePullPolicy": "Never",
                        "command": [
                            "sh", "-c", f"mkdir -p /tmp/n && exec python -m http.server {PORT} --directory /tmp/n",
                        ],
                        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
                    }
                ],
            },
        }  # fmt: skip
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": self.NAME},
            "spec": {"selector": {"app": self.NAME}, "ports": [{"name": "http", "port": PORT}]},
        }
        for document in (pod, service):
            kubectl("apply", "--namespace", self.NAMESPACE, "--filename", "-", text=json.dumps(document))
        kubectl(
            "wait",
            "--for=condition=Ready",
            f"pod/{self.NAME}",
            "--namespace",
            self.NAMESPACE,
            "--timeout=120s",
        )
        return self

    def __exit__(self, *_: object) -> None:
        kubectl(
            "delete", f"pod/{self.NAME}", f"service/{self.NAME}", "--namespace", self.NAMESPACE, "--wait=false",
            "--ignore-not-found",
        )  # fmt: skip

    def put(self, workload: str, metric: str, value: float, samples: int = 1000) -> None:
        """What a look at a metric of a workload finds from now on."""
        text = json.dumps({"value": value, "samples": samples})
        script = f"mkdir -p /tmp/n/{workload} && cd /tmp/n/{workload} && cat > new && mv new {metric}"
        kubectl(
            "exec", "--stdin", "--namespace", self.NAMESPACE, self.NAME, "--", "sh", "-c", script, text=text
        )

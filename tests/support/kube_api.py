"""A real API server with its etcd and nothing else: no kubelet, no controllers. Tests play those."""

import json
import logging
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tools.charts.assemble import CHARTS
from tools.charts.crds import GATEWAY_API
from tools.charts.gomodules import module_folder
from tools.errors import ToolError
from tools.kind.config import BIN
from tools.ports import pick_port

PROGRAMS = ("etcd", "kube-apiserver")
START_S = 90.0
#: Who the test is, and may do everything; operators have accounts with the chart's own rights.
ADMIN = "admin-token"
OPERATOR = "operator-token"
NAMESPACE = "shop"
Document = dict[str, Any]


def missing() -> str:
    """Why there can be no API server here; empty where there can."""
    absent = [name for name in PROGRAMS if not (BIN / name).exists()]
    if absent:
        return f"{' and '.join(absent)} are built by make kind-up, and are not there"
    if not shutil.which("go"):
        return "the definition of HTTPRoute comes with a Go module, and go was not found"
    return ""


class KubeApi:
    """Starts both programs on loopback with a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = pick_port()
        self._etcd_port = pick_port(avoid=frozenset({self.port}))
        self._peer = pick_port(avoid=frozenset({self.port, self._etcd_port}))
        self.url = f"https://127.0.0.1:{self.port}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.http = httpx.Client(
            base_url=self.url, verify=False, timeout=30, headers={"Authorization": f"Bearer {ADMIN}"}
        )

    def start(self) -> None:
        """Start, wait until it answers, and install the definitions."""
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self.folder.mkdir(parents=True, exist_ok=True)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        (self.folder / "sa.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.TraditionalOpenSSL,
                serialization.NoEncryption(),
            )
        )
        account = f"system:serviceaccount:{NAMESPACE}:operator"
        (self.folder / "tokens.csv").write_text(
            f'{ADMIN},admin,1,"system:masters"\n'
            f'{OPERATOR},{account},2,"system:serviceaccounts,system:serviceaccounts:{NAMESPACE}"\n'
        )
        self._run(
            "etcd", f"--data-dir={self.folder}/etcd", f"--listen-client-urls=http://127.0.0.1:{self._etcd_port}",
            f"--advertise-client-urls=http://127.0.0.1:{self._etcd_port}",
            f"--listen-peer-urls=http://127.0.0.1:{self._peer}", "--unsafe-no-fsync", "--log-level=warn",
        )  # fmt: skip
        self._run(
            "kube-apiserver", f"--etcd-servers=http://127.0.0.1:{self._etcd_port}", f"--secure-port={self.port}",
            "--bind-address=127.0.0.1", f"--cert-dir={self.folder}/certs", "--authorization-mode=RBAC",
            f"--token-auth-file={self.folder}/tokens.csv", "--anonymous-auth=false",
            f"--service-account-key-file={self.folder}/sa.key",
            f"--service-account-signing-key-file={self.folder}/sa.key",
            "--service-account-issuer=https://kubernetes.default.svc", "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount", "--api-audiences=kubernetes",
            "--max-requests-inflight=2000", "--max-mutating-requests-inflight=1000", "--v=0",
        )  # fmt: skip
        self._wait()
        self._install()

    def stop(self) -> None:
        """Kill both; their folder is the caller's."""
        self.http.close()
        for process in reversed(self._processes):
            process.kill()
            process.wait(timeout=30)

    def _run(self, name: str, *options: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(
                    [str(BIN / name), *options], stdout=log, stderr=log, stdin=subprocess.DEVNULL
                )
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                if self.http.get("/readyz").text == "ok":
                    return
            except httpx.HTTPError:
                pass
            if time.monotonic() > deadline:
                log = (self.folder / "kube-apiserver.log").read_text()[-2000:]
                raise AssertionError(f"the API server did not start: {log}")
            time.sleep(0.1)

    def _install(self) -> None:
        files = sorted((CHARTS / "crds" / "templates").glob("*.yaml"))
        try:
            folder = module_folder(*GATEWAY_API[:2]) / GATEWAY_API[2]
        except ToolError as error:
            raise AssertionError(str(error)) from error
        files.append(folder / "gateway.networking.k8s.io_httproutes.yaml")
        for file in files:
            self.apply(yaml.safe_load(file.read_text()))
        self.ensure_namespace(NAMESPACE)
        for group, plural in (
            ("meshop.io/v1alpha1", "catalogreindexes"),
            ("meshop.io/v1alpha1", "modelrollouts"),
            ("gateway.networking.k8s.io/v1", "httproutes"),
        ):
            self._wait_for(f"/apis/{group}/namespaces/{NAMESPACE}/{plural}")

    def _wait_for(self, path: str) -> None:
        deadline = time.monotonic() + 30
        while self.http.get(path).status_code != 200:
            assert time.monotonic() < deadline, path
            time.sleep(0.1)

    def ensure_namespace(self, name: str) -> None:
        """Make a namespace unless it is there."""
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def path(self, document: Document) -> str:
        """Where an object is."""
        return f"{self.collection(document)}/{document['metadata']['name']}"

    def collection(self, document: Document) -> str:
        """Where its kind is."""
        plural = PLURALS[document["kind"]]
        version = document["apiVersion"]
        root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        if document["kind"] in CLUSTER_WIDE:
            return f"{root}/{plural}"
        return f"{root}/namespaces/{document['metadata'].get('namespace', NAMESPACE)}/{plural}"

    def apply(self, document: Document) -> Document:
        """Server-side apply."""
        answer = self.http.patch(
            self.path(document),
            params={"fieldManager": "test", "force": "true"},
            content=json.dumps(document),
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        assert answer.is_success, answer.text
        return dict(answer.json())

    def try_create(self, document: Document) -> httpx.Response:
        """Create; the answer whatever it is."""
        return self.http.post(self.collection(document), json=document)

    def create(self, document: Document) -> Document:
        """Create. Fails with what the server says."""
        answer = self.try_create(document)
        assert answer.is_success, answer.text
        return dict(answer.json())

    def get(self, kind: str, name: str, namespace: str = NAMESPACE) -> Document | None:
        """An object, or nothing."""
        answer = self.http.get(self.path(_reference(kind, name, namespace)))
        if answer.status_code == 404:
            return None
        assert answer.is_success, answer.text
        return dict(answer.json())

    def list(self, kind: str, namespace: str = NAMESPACE, **params: str) -> list[Document]:
        """All of a kind."""
        answer = self.http.get(self.collection(_reference(kind, "", namespace)), params=params)
        assert answer.is_success, answer.text
        return list(answer.json()["items"])

    def patch(
        self, kind: str, name: str, change: Document, *, status: bool = False, namespace: str = NAMESPACE
    ) -> Document:
        """Merge a change into an object, or into its status."""
        path = self.path(_reference(kind, name, namespace)) + ("/status" if status else "")
        answer = self.http.patch(
            path, content=json.dumps(change), headers={"Content-Type": "application/merge-patch+json"}
        )
        assert answer.is_success, answer.text
        return dict(answer.json())

    def delete(self, kind: str, name: str, namespace: str = NAMESPACE) -> None:
        """Delete, in the background; what is not there is gone."""
        answer = self.http.delete(
            self.path(_reference(kind, name, namespace)), params={"propagationPolicy": "Background"}
        )
        assert answer.status_code in (200, 202, 404), answer.text

    def kubeconfig(self, file: Path, *, token: str = OPERATOR, server: str = "") -> Path:
        """A configuration for a program, through a proxy if ``server`` names one."""
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [
                {"name": "test", "context": {"cluster": "test", "user": "test", "namespace": NAMESPACE}}
            ],
            "clusters": [
                {
                    "name": "test",
                    "cluster": {"server": server or self.url, "insecure-skip-tls-verify": True},
                }
            ],
            "users": [{"name": "test", "user": {"token": token}}],
        }
        file.write_text(yaml.safe_dump(document))
        return file


#: Kinds that tests speak of: where they are, and in which version.
PLURALS = {
    "Namespace": "namespaces",
    "CustomResourceDefinition": "customresourcedefinitions",
    "ServiceAccount": "serviceaccounts",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "CatalogReindex": "catalogreindexes",
    "ModelRollout": "modelrollouts",
    "HTTPRoute": "httproutes",
    "Job": "jobs",
    "Deployment": "deployments",
    "Service": "services",
    "Pod": "pods",
    "PodTemplate": "podtemplates",
    "Lease": "leases",
    "Event": "events",
}
CLUSTER_WIDE = {"Namespace", "CustomResourceDefinition"}
VERSIONS = {
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "Role": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1",
    "CatalogReindex": "meshop.io/v1alpha1",
    "ModelRollout": "meshop.io/v1alpha1",
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "Job": "batch/v1",
    "Deployment": "apps/v1",
    "Lease": "coordination.k8s.io/v1",
}


def _reference(kind: str, name: str, namespace: str) -> Document:
    return {
        "apiVersion": VERSIONS.get(kind, "v1"),
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
    }

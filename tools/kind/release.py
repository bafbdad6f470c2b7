"""Meshop in the cluster: its images, its namespace, its release."""

import json
from pathlib import Path
from typing import Any

import yaml

from tools.charts.assemble import assemble
from tools.charts.helm import helm
from tools.kind import cluster, config, images
from tools.kind.config import HOME, NAMESPACE, RELEASE
from tools.kind.shell import environment, kubectl

STORES = {
    "postgresql": config.POSTGRES_IMAGE,
    "redis": config.REDIS_IMAGE,
    "rabbitmq": config.RABBITMQ_IMAGE,
}
#: Pods that are not restricted are refused from the first moment.
LABELS = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}


def load() -> None:
    """Build what changed and put it into the node."""
    cluster.load_images(images.ensure_platform())


def values_file() -> Path:
    """What this cluster adds to ``values-kind.yaml``: the images that were made here, and their digests as reasons
    to start pods anew.
    """
    own = {name: images.image_digest(f"meshop/{name}:dev")[:16] for name in ("backend", "gateway")}
    stores = {
        name: {"image": dict(zip(("repository", "tag"), image.rsplit(":", 1), strict=True))}
        for name, image in STORES.items()
    }
    document: dict[str, Any] = {
        "datastores": {"stores": stores},
        "backend": {"podAnnotations": {"meshop.io/image": own["backend"]}},
        "worker": {"defaults": {"podAnnotations": {"meshop.io/image": own["backend"]}}},
        "gateway": {"podAnnotations": {"meshop.io/image": own["gateway"]}},
    }
    target = HOME / "values.yaml"
    target.write_text(yaml.safe_dump(document))
    return target


def install(*options: str, timeout: str = "15m") -> None:
    """Install or upgrade, and wait until everything works, Jobs included."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": LABELS}}
    kubectl("apply", "--server-side", "--filename", "-", text=json.dumps(namespace))
    chart = assemble("platform")
    helm(
        "upgrade", "--install", RELEASE, str(chart), "--namespace", NAMESPACE,
        "--values", str(chart / "values-kind.yaml"), "--values", str(values_file()),
        "--wait", "--wait-for-jobs", "--timeout", timeout, *options,
        environment=environment(),
    )  # fmt: skip


def buy() -> str:
    """``helm test``: somebody buys something."""
    return helm("test", RELEASE, "--namespace", NAMESPACE, "--logs", environment=environment())


def administrator() -> tuple[str, str]:
    """Address and password of the demo administrator."""
    secret = json.loads(secret_text("meshop-admin"))
    return secret["email"], secret["password"]


def secret_text(name: str) -> str:
    """A Secret's values as a JSON object."""
    template = '{{range $key, $value := .data}}{{printf "%q:%q," $key ($value | base64decode)}}{{end}}'
    text = kubectl("get", "secret", name, "--namespace", NAMESPACE, f"--output=go-template={template}")
    return "{" + text.rstrip(",") + "}"


def table() -> str:
    """What runs where."""
    columns = (
        "NAME:.metadata.labels.app\\.kubernetes\\.io/name,POD:.metadata.name,PHASE:.status.phase,"
        "ADDRESS:.status.podIP,NODE:.spec.nodeName"
    )
    return kubectl(
        "get", "pods", "--namespace", NAMESPACE, "--sort-by=.metadata.name", f"--output=custom-columns={columns}"
    )  # fmt: skip

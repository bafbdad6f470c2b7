"""Meshop in the cluster: its images, its namespace, its release."""

import json
from pathlib import Path
from typing import Any

import yaml

from tools.charts.assemble import assemble
from tools.charts.helm import helm
from tools.kind import cluster, config, images, search
from tools.kind.config import HOME, NAMESPACE, RELEASE
from tools.kind.shell import environment, kubectl

STORES = {
    "postgresql": config.POSTGRES_IMAGE,
    "postgresql-ai": config.POSTGRES_IMAGE,
    "redis": config.REDIS_IMAGE,
    "rabbitmq": config.RABBITMQ_IMAGE,
}
#: The release of the custom resources' definitions.
DEFINITIONS = "meshop-crds"
#: Pods that are not restricted are refused from the first moment.
LABELS = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}


def load() -> None:
    """Build what changed and put it into the node."""
    cluster.load_images([*images.ensure_platform(), *search.ensure_images()])


def values_file() -> Path:
    """What this cluster adds to ``values-kind.yaml``: the images that were made here, and their digests as reasons
    to start pods anew.
    """
    services = list(config.AI_SERVICES.values())
    reasons = {
        name: {"podAnnotations": {"meshop.io/image": images.image_digest(f"meshop/{name}:dev")[:16]}}
        for name in ("backend", "gateway", "operator", *services)
    }
    stores: dict[str, dict[str, Any]] = {
        name: {"image": dict(zip(("repository", "tag"), image.rsplit(":", 1), strict=True))}
        for name, image in STORES.items()
    }
    stores["postgresql-ai"]["enabled"] = bool(services)
    searching = search.values()
    stores |= searching.get("datastores", {}).get("stores", {})
    document: dict[str, Any] = {
        "global": {"ai": dict.fromkeys(services, True), **searching.get("global", {})},
        "datastores": {"stores": stores},
        **reasons,
        "operator": {"enabled": True, **reasons["operator"]},
        "worker": {"defaults": reasons["backend"]},
    }
    target = HOME / "values.yaml"
    target.write_text(yaml.safe_dump(document))
    return target


def install(*options: str, chart: Path | None = None, timeout: str = "15m") -> None:
    """Install or upgrade, and wait until everything works, Jobs included; ``chart`` is another than this checkout's."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": LABELS}}
    kubectl("apply", "--server-side", "--filename", "-", text=json.dumps(namespace))
    _forget_interrupted()
    helm(
        "upgrade", "--install", DEFINITIONS, str(assemble("crds")), "--namespace", "kube-system",
        environment=environment(),
    )  # fmt: skip
    chart = chart or assemble("platform")
    profiles = ("kind", "kind-small") if config.PROFILE == "small" else ("kind",)
    files = [chart / f"values-{profile}.yaml" for profile in profiles] + [values_file()]
    helm(
        "upgrade", "--install", RELEASE, str(chart), "--namespace", NAMESPACE,
        *(option for file in files for option in ("--values", str(file))),
        "--wait", "--wait-for-jobs", "--timeout", timeout, *options,
        environment=environment(),
    )  # fmt: skip


def _forget_interrupted() -> None:
    """Helm refuses to go on where it was killed: take its note of that revision away, with the Jobs that it made."""
    own = ("--namespace", NAMESPACE)
    releases = json.loads(helm("list", *own, "--all", "--output", "json", environment=environment()))
    for found in releases:
        if found["name"] == RELEASE and found["status"].startswith("pending"):
            revision = found["revision"]
            kubectl("delete", "secret", *own, f"sh.helm.release.v1.{RELEASE}.v{revision}")
            jobs = [f"job/{name}-{revision}" for name in ("migrate", "demo")]
            kubectl("delete", *own, "--ignore-not-found", *jobs)


def buy() -> str:
    """``helm test``: somebody buys something; what they said. Raises :class:`HelmError` when they could not."""
    helm("test", RELEASE, "--namespace", NAMESPACE, environment=environment())
    return kubectl("logs", "--namespace", NAMESPACE, "job/shop-test", "--container", "shop-test")


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

"""The cluster itself: made once, found again, removed."""

import functools
import os
import threading
from pathlib import Path
from typing import Any

import yaml

from tools.kind import config, images, programs
from tools.kind.config import CLUSTER, FILES, HOME
from tools.kind.shell import kubectl, run, succeeds

VOLUMES = 16
NODE = f"{CLUSTER}-control-plane"
#: Names and ids of the images that the node was given.
LOADED = "/var/lib/meshop-images"
_INSIDE = ("docker", "exec", "--interactive", NODE, "sh", "-c")
#: Images of the mesh and of the shop are put in at the same time.
_LOADING = threading.Lock()


def exists() -> bool:
    """Whether kind knows the cluster."""
    return (config.BIN / "kind").exists() and CLUSTER in run("kind", "get", "clusters").split()


def answers() -> bool:
    """Whether it is there and works."""
    return exists() and succeeds("kubectl", "get", "--raw", "/readyz")


def ensure_cluster() -> None:
    """Have a cluster whose nodes are ready; one that is there is kept."""
    if answers():
        return
    if exists():
        delete_cluster()
    image = _node_image()
    own = image == config.NODE_IMAGE
    if own:
        images.ensure_node()
    print(f"Making the cluster from {image}.", flush=True)
    run(
        "kind", "create", "cluster", "--name", CLUSTER, "--image", image, "--config", str(_configuration(own)),
        "--kubeconfig", str(config.KUBECONFIG), "--wait", "180s",
    )  # fmt: skip
    if config.PROFILE == "small":
        limit = (f"--memory={config.SMALL_MEMORY}", f"--memory-swap={config.SMALL_MEMORY}")
        run("docker", "update", *limit, NODE)
    if own:
        kubectl("apply", "--filename", "-", text=yaml.safe_dump_all(_volumes()))


def build_node_programs() -> None:
    """Build what our own node image is made of, where that is the one taken and there is no cluster yet."""
    if not answers() and _node_image() == config.NODE_IMAGE:
        programs.build(programs.CONTROL_PLANE)


def delete_cluster() -> None:
    """Remove it with all its data."""
    run("kind", "delete", "cluster", "--name", CLUSTER, "--kubeconfig", str(config.KUBECONFIG))


def load_images(names: list[str]) -> None:
    """Put images into the node, but for those that it got before: kind itself does not know them again."""
    wanted = {name: run("docker", "image", "inspect", "--format", "{{.Id}}", name).strip() for name in names}
    loaded = _loaded()
    if missing := [name for name, found in wanted.items() if loaded.get(name) != found]:
        run("kind", "load", "docker-image", "--name", CLUSTER, *missing)
        with _LOADING:
            known = [f"{name} {found}" for name, found in (_loaded() | wanted).items()]
            run(*_INSIDE, f"cat > {LOADED}", text="\n".join(known))


def _loaded() -> dict[str, str]:
    return dict(line.split() for line in run(*_INSIDE, f"cat {LOADED} || true").splitlines())


@functools.cache
def _node_image() -> str:
    """The one that ``NODE_IMAGE`` names, the public one where a registry answers, or our own."""
    if named := os.environ.get("NODE_IMAGE"):
        return named
    if succeeds("docker", "manifest", "inspect", config.PUBLIC_NODE_IMAGE, timeout_s=20):
        return config.PUBLIC_NODE_IMAGE
    return config.NODE_IMAGE


def _configuration(own: bool) -> Path:
    """Kind's configuration. The public image runs systemd, which wants to manage cgroups."""
    document: dict[str, Any] = yaml.safe_load((FILES / "cluster.yaml").read_text())
    if not own:
        del document["kubeadmConfigPatches"]
    target = HOME / "cluster.yaml"
    target.write_text(yaml.safe_dump(document))
    return target


def _volumes() -> list[dict[str, Any]]:
    """Volumes for whoever asks: folders of the node. Unlike host paths, local ones are given to the pod's group."""
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}]}]
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"volume-{number}"},
            "spec": {
                "capacity": {"storage": "8Gi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "storageClassName": "standard",
                "local": {"path": f"/var/lib/meshop/volume-{number}"},
                "nodeAffinity": {"required": {"nodeSelectorTerms": terms}},
            },
        }
        for number in range(VOLUMES)
    ]

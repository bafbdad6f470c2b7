"""Helm, in one version everywhere."""

import os
import subprocess

from tools.errors import ToolError
from tools.go_program import GoProgram
from tools.paths import BUILD

_LIBRARY = "helm.sh/helm/v3/pkg/chartutil"
#: With what a release of Helm says that it was made for; without it, it takes clusters for Kubernetes 1.20.
HELM = GoProgram(
    "helm.sh/helm/v3/cmd/helm",
    "v3.19.0",
    f"-s -w -X {_LIBRARY}.k8sVersionMajor=1 -X {_LIBRARY}.k8sVersionMinor=34",
)


class HelmError(ToolError):
    """Helm refused; the message is what it said."""


def helm(*arguments: str, environment: dict[str, str] | None = None, timeout_s: float = 900) -> str:
    """Run Helm and answer what it prints. Raises :class:`HelmError` with its words when it fails."""
    folder = BUILD / "helm"
    own = {f"HELM_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
    done = subprocess.run(
        [str(HELM.path), *arguments],
        env={**os.environ, **own, **(environment or {})},
        text=True,
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        raise HelmError(f"{done.stdout}\n{done.stderr}".strip())
    return done.stdout

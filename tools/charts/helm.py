"""The Helm program: built once from its Go module into ``build/bin``, so that every machine uses the same one."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

from tools.errors import ToolError
from tools.paths import BUILD

MODULE, VERSION = "helm.sh/helm/v3/cmd/helm", "v3.19.0"
BUILD_TIMEOUT_S = 1200
#: What a release of Helm says that it was made for; without it, it takes clusters for Kubernetes 1.20.
_LIBRARY = "helm.sh/helm/v3/pkg/chartutil"
_FLAGS = f"-s -w -X {_LIBRARY}.k8sVersionMajor=1 -X {_LIBRARY}.k8sVersionMinor=34"


def program() -> Path:
    """Where it is kept; the version is part of the name, so that another one is built anew."""
    return BUILD / "bin" / f"helm-{VERSION}"


def ensure_built() -> bool:
    """Build it if it is missing and that is possible here; whether it is there now."""
    if program().exists():
        return True
    if not shutil.which("go"):
        return False
    folder = program().parent
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "helm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return program().exists() or _build(folder)


def _build(folder: Path) -> bool:
    print(f"Building Helm {VERSION}, once.", flush=True)
    workshop = folder / "helm.new"
    environment = {**os.environ, "GOBIN": str(workshop), "GOFLAGS": "-buildvcs=false", "CGO_ENABLED": "0"}
    try:
        subprocess.run(
            ["go", "install", "-trimpath", f"-ldflags={_FLAGS}", f"{MODULE}@{VERSION}"],
            env=environment,
            check=True,
            timeout=BUILD_TIMEOUT_S,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"Helm could not be built: {error}", flush=True)
        return False
    (workshop / "helm").replace(program())
    return True


class HelmError(ToolError):
    """Helm refused; the message is what it said."""


def helm(*arguments: str, environment: dict[str, str] | None = None, timeout_s: float = 900) -> str:
    """Run Helm and answer what it prints. Raises :class:`HelmError` with its words when it fails."""
    folder = BUILD / "helm"
    own = {f"HELM_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
    done = subprocess.run(
        [str(program()), *arguments],
        env={**os.environ, **own, **(environment or {})},
        text=True,
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        raise HelmError(f"{done.stdout}\n{done.stderr}".strip())
    return done.stdout

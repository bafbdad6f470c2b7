"""The Docker engine: whichever answers, else one that is started here, and stopped here."""

import shutil

from tools.errors import ToolError
from tools.kind.config import FILES, HOME
from tools.kind.shell import succeeds
from tools.processes import ProcessTable, Service
from tools.servers.debian import ensure_installed

PACKAGES = ("docker.io", "containerd", "runc", "debootstrap", "iptables", "iproute2", "gcc", "libc6-dev")
START_S = 60.0


def answers() -> bool:
    """Whether an engine is there."""
    return succeeds("docker", "info", timeout_s=15)


def ensure_engine() -> None:
    """Have an engine. Raises :class:`ToolError` where none answers and none can be started."""
    if answers():
        return
    if not can_be_started():
        raise ToolError(
            "No Docker engine answers, and docker.io could not be installed: start Docker and try again."
        )
    _table().ensure([_service()])


def can_be_started() -> bool:
    """Whether an engine and what images are made with are here, after installing them where that is possible."""
    return ensure_installed(PACKAGES) or all(shutil.which(name) for name in ("dockerd", "debootstrap", "gcc"))


def stop_engine() -> None:
    """Stop the engine if it was started here."""
    _table().stop(["dockerd"])


def _table() -> ProcessTable:
    return ProcessTable(HOME / "engine")


def _service() -> Service:
    """A runtime of ours is its default: it does without capabilities that the kernel withholds from us."""
    runtime = HOME / "runc-less"
    HOME.mkdir(parents=True, exist_ok=True)
    shutil.copy(FILES / "runc-less", runtime)
    runtime.chmod(0o755)
    return Service(
        name="dockerd",
        command=(
            str(shutil.which("dockerd")), "--storage-driver=overlay2", f"--data-root={HOME / 'docker'}",
            f"--add-runtime=less={runtime}", "--default-runtime=less",
        ),
        ready=answers,
        address="unix:///var/run/docker.sock",
        ready_s=START_S,
        grace_s=30,
    )  # fmt: skip

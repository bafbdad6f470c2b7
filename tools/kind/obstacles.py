"""Why a cluster cannot be made on this machine, said before anything is built.

What is found here is a property of the machine, and tests of the cluster are then skipped with the sentence. What goes
wrong later is a failure.
"""

import os
import platform
import shutil
from pathlib import Path

from tools.kind import engine, programs
from tools.kind.config import HOME
from tools.kind.shell import succeeds

#: What the platform takes in the cluster, and what building Kubernetes takes beside it.
MEMORY_GIB, DISK_GIB = 7, 16
_GIB = 1 << 30
#: Kernel features of every node: layered file systems and address translation.
_FEATURES = {
    "overlay file systems": ("overlay", "/proc/filesystems"),
    "control groups": ("cgroup", "/proc/filesystems"),
}


def obstacle() -> str:
    """One sentence, or nothing where a cluster can be made."""
    checks = (_platform, _programs, _kernel, _memory, _disk, _engine)
    return next((reason for check in checks if (reason := check())), "")


def _platform() -> str:
    if platform.system() == "Linux" and platform.machine() == "x86_64":
        return ""
    return f"the cluster is made for Linux on x86_64, and this is {platform.system()} on {platform.machine()}"


def _programs() -> str:
    return "" if programs.has_go() else "Go, of which kind, Kubernetes and Istio are built, is not installed"


def _kernel() -> str:
    for name, (word, file) in _FEATURES.items():
        if word not in Path(file).read_text():
            return f"this kernel has no {name}"
    return ""


def _memory() -> str:
    fields = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
    free = int(fields["MemAvailable"].split()[0]) * 1024 / _GIB
    if free < MEMORY_GIB:
        return f"the cluster takes {MEMORY_GIB} GiB of memory, and {free:.1f} are free"
    return ""


def _disk() -> str:
    HOME.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(HOME).free / _GIB
    if free < DISK_GIB and not (HOME / "bin" / "kubelet").exists():
        return f"images and volumes take {DISK_GIB} GiB of disk, and {free:.1f} are free"
    return ""


def _engine() -> str:
    """An engine that answers is taken; otherwise one is started, which takes root."""
    if engine.answers():
        return ""
    if os.geteuid() != 0:
        return "no Docker engine answers, and only root can start one"
    if not engine.can_be_started():
        return "no Docker engine answers, and docker.io cannot be installed"
    if not succeeds("iptables", "--table", "nat", "--list", "--numeric"):
        return (
            "this kernel translates no addresses (iptables -t nat), without which there is no network of pods"
        )
    if not succeeds("unshare", "--mount", "--net", "--pid", "--fork", "true"):
        return "this machine lets nobody make namespaces, without which there are no containers"
    return ""

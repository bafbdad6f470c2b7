"""Server packages from Debian or Ubuntu, installed without starting a system service."""

import os
import shutil
import subprocess
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
#: Tells postgresql-common not to make (and start) a cluster of its own.
CLUSTER_SETTINGS = Path("/etc/postgresql-common/createcluster.conf")


def is_installed(package: str) -> bool:
    """Whether dpkg has this package, configured."""
    if not shutil.which("dpkg-query"):
        return False
    done = subprocess.run(
        ["dpkg-query", "-W", "-f=${Status}", package], capture_output=True, text=True, check=False
    )
    return done.stdout == "install ok installed"


def ensure_installed(packages: tuple[str, ...]) -> bool:
    """Install what is missing when that is possible here (root, apt-get, a mirror); whether all are there now."""
    missing = [package for package in packages if not is_installed(package)]
    if not missing:
        return True
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    print(f"Installing {', '.join(missing)} from the distribution.", flush=True)
    done = _install(missing) or (_apt("update") and _install(missing))
    if not done:
        print("They could not be installed.", flush=True)
    return done


def _install(packages: list[str]) -> bool:
    made = [_write_once(POLICY, "#!/bin/sh\nexit 101\n", 0o755)]
    if any(package.startswith("postgresql") for package in packages):
        made.append(_write_once(CLUSTER_SETTINGS, "create_main_cluster = false\n", 0o644))
    try:
        return _apt("install", "-y", "--no-install-recommends", *packages)
    finally:
        if made[0]:
            POLICY.unlink()


def _apt(*arguments: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", "-o", "Dpkg::Options::=--force-confold", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def _write_once(path: Path, text: str, mode: int) -> bool:
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return True

"""Programs built once from their Go modules into ``build/bin``, so that every machine uses the same ones."""

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.paths import BUILD

BUILD_TIMEOUT_S = 1200


@dataclass(frozen=True)
class GoProgram:
    """One program; the last part of its package is its name."""

    package: str
    version: str
    linker_flags: str = ""

    @property
    def name(self) -> str:
        """What the compiler calls it."""
        return self.package.rpartition("/")[2]

    @property
    def path(self) -> Path:
        """Where it is kept; the version is part of the name, so that another one is built anew."""
        return BUILD / "bin" / f"{self.name}-{self.version}"

    def ensure_built(self) -> bool:
        """Build it if it is missing and that is possible here; whether it is there now."""
        if self.path.exists():
            return True
        if not shutil.which("go"):
            return False
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f"{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.path.exists() or self._build()

    def _build(self) -> bool:
        print(f"Building {self.name} {self.version}, once.", flush=True)
        workshop = self.path.with_name(f"{self.name}.new")
        environment = {"GOBIN": str(workshop), "GOFLAGS": "-buildvcs=false", "CGO_ENABLED": "0"}
        try:
            subprocess.run(
                [
                    "go",
                    "install",
                    "-trimpath",
                    f"-ldflags={self.linker_flags}",
                    f"{self.package}@{self.version}",
                ],
                env=os.environ | environment,
                check=True,
                timeout=BUILD_TIMEOUT_S,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"{self.name} could not be built: {error}", flush=True)
            return False
        (workshop / self.name).replace(self.path)
        return True

"""Files out of Go modules, which come verified by checksum where images and downloads may not be had."""

import json
import os
import shutil
import subprocess
from pathlib import Path

from tools.errors import ToolError
from tools.paths import BUILD

DOWNLOAD_TIMEOUT_S = 600


def module_folder(module: str, version: str) -> Path:
    """Where a module's files are, downloading them once. Raises :class:`ToolError` where that cannot be done."""
    if not shutil.which("go"):
        raise ToolError(f"{module} is a Go module, and go was not found.")
    workshop = BUILD / "gomodules"
    workshop.mkdir(parents=True, exist_ok=True)
    (workshop / "go.mod").write_text("module workshop\n\ngo 1.23\n")
    done = subprocess.run(
        ["go", "mod", "download", "-json", f"{module}@{version}"],
        cwd=workshop,
        env={**os.environ, "GOFLAGS": "-buildvcs=false"},
        text=True,
        capture_output=True,
        timeout=DOWNLOAD_TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        raise ToolError(f"{module} {version} could not be had: {(done.stdout + done.stderr).strip()[:500]}")
    return Path(json.loads(done.stdout)["Dir"])

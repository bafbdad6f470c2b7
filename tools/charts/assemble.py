"""Charts that can be installed: each with the charts that it depends on inside, in ``build/charts``.

``helm dependency update`` would pack them one after the other, in the right order, and leave archives in the checkout;
copying the folders comes to the same, needs no program, and leaves ``charts/`` as it is.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tools.paths import BUILD, ROOT

CHARTS = ROOT / "charts"
ASSEMBLED = BUILD / "charts"


def chart_names() -> list[str]:
    """All charts of this checkout."""
    return sorted(folder.parent.name for folder in CHARTS.glob("*/Chart.yaml"))


def dependency_names(chart: str) -> list[str]:
    """The charts that one depends on, each once, however many aliases it has."""
    document: dict[str, Any] = yaml.safe_load((CHARTS / chart / "Chart.yaml").read_text())
    return sorted({entry["name"] for entry in document.get("dependencies", [])})


def assemble(chart: str, source: Path = CHARTS) -> Path:
    """A folder with this chart, complete. Its name holds the digest of all sources, so it is made once per change."""
    digest = hashlib.sha256()
    for file in sorted(file for file in source.rglob("*") if file.is_file()):
        digest.update(f"{file.relative_to(source)}\0".encode() + file.read_bytes() + b"\0")
    target = ASSEMBLED / digest.hexdigest()[:16] / chart
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ASSEMBLED) as workshop:
            copy = Path(workshop) / chart
            _copy(chart, source, copy)
            try:
                copy.rename(target)
            except OSError:
                if not target.exists():
                    raise
    return target


def mark_current(folder: Path) -> None:
    """Let ``build/charts/current`` lead to the charts that were assembled beside this one."""
    link = ASSEMBLED / "current"
    new = ASSEMBLED / "current.new"
    new.unlink(missing_ok=True)
    new.symlink_to(folder.parent.name)
    new.replace(link)


def _copy(chart: str, source: Path, target: Path) -> None:
    shutil.copytree(source / chart, target)
    for name in dependency_names(chart):
        _copy(name, source, target / "charts" / name)

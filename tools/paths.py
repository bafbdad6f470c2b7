"""Where things are in this checkout. ``python -m tools.paths`` makes its packages importable in the environment."""

import os
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT / "services" / "shared"
BACKEND = ROOT / "services" / "backend"
GATEWAY = ROOT / "services" / "gateway"
AI = ROOT / "ai"
OPERATORS = ROOT / "operators"
REQUIREMENTS = ROOT / "requirements"
BUILD = ROOT / "build"
STATE = ROOT / ".meshop"
#: MiniLM as `make setup` left it.
TEXT_MODEL = ROOT / ".venv" / "share" / "minilm"

#: Folders that hold import packages, the checkout itself (``tools``, ``tests``) included.
IMPORT_ROOTS = (ROOT, SHARED, BACKEND, GATEWAY, AI, OPERATORS)


def write_path_file(site_packages: Path) -> Path:
    """Write ``meshop.pth``; its lines are relative, so that a checkout that moves keeps importing itself."""
    target = site_packages / "meshop.pth"
    target.write_text("".join(f"{os.path.relpath(root, site_packages)}\n" for root in IMPORT_ROOTS))
    return target


if __name__ == "__main__":
    write_path_file(Path(sysconfig.get_path("purelib")).resolve())

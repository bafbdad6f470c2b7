"""``python -m tools.lock``: compile every ``requirements/*.in`` into a lock file with hashes and no address.

``dev`` comes first and constrains the others, so that an image and the development environment agree on versions.
Versions stay as they are locked unless a ``.in`` file or ``--upgrade`` asks for others. ``weights`` names everything it
needs itself: what its packages ask for besides is left out.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tools.errors import ToolError
from tools.paths import REQUIREMENTS, ROOT


def compile_command(source: Path, *, constraint: Path | None, upgrade: bool) -> list[str]:
    """The ``uv`` call that locks one file."""
    return [
        os.path.join(os.path.dirname(sys.executable), "uv"), "pip", "compile", "--quiet", "--universal",
        "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-annotate",
        "--custom-compile-command", "make lock",
        *(["--upgrade"] if upgrade else []),
        *(["--no-deps"] if source.stem == "weights" else []),
        *(["--constraint", str(constraint.relative_to(ROOT))] if constraint else []),
        str(source.relative_to(ROOT)), "--output-file", str(source.with_suffix(".txt").relative_to(ROOT)),
    ]  # fmt: skip


def addresses(lock: Path) -> list[str]:
    """Lines of a lock file that hold a download address; there must be none."""
    return [line for line in lock.read_text().splitlines() if "://" in line]


def main() -> int:
    """Lock everything."""
    parser = argparse.ArgumentParser(prog="python -m tools.lock", description=__doc__)
    parser.add_argument(
        "--upgrade", action="store_true", help="take the newest versions that the .in files allow"
    )
    upgrade = parser.parse_args().upgrade
    dev = REQUIREMENTS / "dev.in"
    sources = [dev, *sorted(set(REQUIREMENTS.glob("*.in")) - {dev})]
    for source in sources:
        constraint = None if source == dev else dev.with_suffix(".txt")
        subprocess.run(compile_command(source, constraint=constraint, upgrade=upgrade), cwd=ROOT, check=True)
        lock = source.with_suffix(".txt")
        if found := addresses(lock):
            raise ToolError(f"{lock.name} holds an address: {found[0].strip()}")
        print(f"{lock.relative_to(ROOT)}: {lock.read_text().count('==')} packages")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (ToolError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))

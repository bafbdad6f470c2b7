"""``python -m tools.lint``: style, types and architecture. Runs every check, then fails if one did."""

import os
import subprocess
import sys
import time

from tools.environment import placeholder_environment
from tools.paths import BUILD, ROOT

CHECKS = {
    "style": ("ruff", "check", "--output-format=concise", "."),
    "format": ("ruff", "format", "--check", "--output-format=concise", "."),
    "types": ("mypy",),
    "architecture": ("lint-imports",),
}


def main() -> int:
    """Run all checks; 0 when all are clean."""
    environment = {**os.environ, **placeholder_environment(BUILD / "lint")}
    failed = []
    for name, command in CHECKS.items():
        begin = time.monotonic()
        program = os.path.join(os.path.dirname(sys.executable), command[0])
        done = subprocess.run(
            [program, *command[1:]], env=environment, cwd=ROOT, text=True, capture_output=True
        )
        print(
            f"{name:<14}{'ok' if done.returncode == 0 else 'FAILED'} ({time.monotonic() - begin:.1f} s)",
            flush=True,
        )
        if done.returncode != 0:
            failed.append(name)
            print(done.stdout, done.stderr, sep="\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tools.kind up|load|down|status|observe|test|soak``. ``up`` does what is missing, whenever."""

import argparse
import sys
import time
from collections.abc import Callable

from tools.errors import ToolError
from tools.kind import config, lifecycle, observed, release, testing


def up() -> int:
    """Everything from nothing to a shop that answers."""
    begin = time.monotonic()
    lifecycle.up()
    print(release.table())
    status()
    print(f"Ready after {time.monotonic() - begin:.0f} s.")
    return 0


def load() -> int:
    """Put what changed into the running cluster."""
    release.load()
    release.install()
    print(release.table())
    return 0


def down() -> int:
    """Remove the cluster; what was built stays in ``build/kind``."""
    lifecycle.down()
    return 0


def status() -> int:
    """Where it is, and who may come in."""
    email, password = release.administrator()
    print(f"Meshop: {config.URL}   administrator: {email} {password}")
    print(f"export KUBECONFIG={config.KUBECONFIG}")
    return 0


COMMANDS: dict[str, Callable[[], int]] = {"up": up, "load": load, "down": down, "status": status}


def main() -> int:
    """Run one command; what a person can mend is said in a sentence."""
    parser = argparse.ArgumentParser(prog="python -m tools.kind", description=__doc__)
    parser.add_argument("command", choices=[*COMMANDS, "observe", "test", "soak"])
    parser.add_argument("--keep", action="store_true", help="test: leave the cluster there")
    parser.add_argument("--minutes", type=float, default=30.0, help="soak: how long")
    parser.add_argument(
        "--shorten", type=float, default=1.0, help="observe: divide the windows of rules by this"
    )
    parser.add_argument("--faults", action="store_true", help="observe: let drills turn faults on")
    parser.add_argument("pytest", nargs="*", metavar="-- pytest's arguments", help="test")
    options = parser.parse_intermixed_args()  # pytest's come last, after options of ours
    try:
        if options.command == "test":
            return testing.run_tests(options.pytest, keep=options.keep)
        if options.command == "soak":
            return testing.soak(options.minutes)
        if options.command == "observe":
            observed.observe(shorten=options.shorten, faults=options.faults)
            return 0
        return COMMANDS[options.command]()
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

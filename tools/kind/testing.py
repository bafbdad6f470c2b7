"""The tests of the cluster, with a cluster for them and an end to their time.

A cluster that is there already is used and left there; one that was made for the tests goes with them. Where a machine
cannot have one, every test is skipped with the reason. Building Kubernetes and Istio from nothing takes long: tests for
which no time is left are skipped with that sentence, and the next run goes on where this one was. Whoever insists
(``KIND=on``) has a failure instead.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterable

from tools.errors import ToolError
from tools.kind import config, lifecycle
from tools.kind.obstacles import obstacle
from tools.kind.shell import DEADLINE_AT, TimeIsOverError
from tools.paths import ROOT

#: Where conftest.py finds why there is no cluster.
OBSTACLE = "KIND_OBSTACLE"
DEADLINE_MIN = "40"
CLUSTER_TESTS, SERVER_TESTS = "tests/kind", "tests/contract/operator"


def run_tests(arguments: list[str], *, keep: bool) -> int:
    """Run ``tests/kind``; pytest's exit status."""
    if reason := obstacle():
        return _pytest(arguments, {OBSTACLE: reason})
    minutes = float(os.environ.get("KIND_DEADLINE_MIN", DEADLINE_MIN))
    os.environ[DEADLINE_AT] = str(time.time() + 60 * minutes)
    was_up, had_server = lifecycle.is_up(), (config.BIN / "kube-apiserver").exists()
    try:
        lifecycle.up()
        return _pytest(arguments, {}, also=() if had_server else (SERVER_TESTS,))
    except TimeIsOverError as error:
        if insists():
            raise
        return _pytest(arguments, {OBSTACLE: str(error)})
    finally:
        del os.environ[DEADLINE_AT]
        if not (keep or was_up):
            lifecycle.down()


def insists() -> bool:
    """Whether a test that was not run is a failure."""
    return os.environ.get("KIND") == "on"


def soak(minutes: float) -> int:
    """Light load for so long on the cluster that is there; fails on a restart, an OOM kill or a failed request."""
    if not lifecycle.is_up():
        raise ToolError("No cluster answers: make kind-up makes one.")
    return _pytest(["tests/kind/soak.py", "--timeout=0"], {"SOAK_MIN": str(minutes)})


def _pytest(arguments: list[str], more: dict[str, str], also: Iterable[str] = ()) -> int:
    """Run the tests that are named in ``arguments``, or all of the cluster and those of ``also``."""
    named = any(argument.startswith("tests/") for argument in arguments)
    tests = [] if named else [CLUSTER_TESTS, *also]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, *tests]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **more}, check=False).returncode

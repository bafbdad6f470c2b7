"""Commands whose output goes to a log, and is shown only when they fail."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tools.errors import ToolError
from tools.kind.config import BIN, HOME, KUBECONFIG

DEADLINE_AT = "KIND_DEADLINE_AT"
OVER = (
    "The time for the cluster is over. What was built stays in build/kind, so the next run goes on from there; "
    "KIND_DEADLINE_MIN gives more time."
)


class TimeIsOverError(ToolError):
    """The run has no time left for the cluster."""

    def __init__(self) -> None:
        super().__init__(OVER)


def environment() -> dict[str, str]:
    """Ours first on the PATH, and a kubeconfig of our own: nobody's current context is changed."""
    return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "KUBECONFIG": str(KUBECONFIG)}


def remaining_s(wanted_s: float) -> float:
    """So many seconds, or what is left of the run that ``KIND_DEADLINE_AT`` (seconds since 1970) ends.

    Raises :class:`TimeIsOverError` when nothing is left: a run that cannot end in time ends with a sentence.
    """
    left = float(os.environ.get(DEADLINE_AT, "inf")) - time.time()
    if left <= 0:
        raise TimeIsOverError
    return min(wanted_s, left)


def run(
    *command: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    text: str | None = None,
    timeout_s: float = 1800,
) -> str:
    """Run to the end; what it prints on standard output. Raises :class:`ToolError` with its last lines."""
    HOME.mkdir(parents=True, exist_ok=True)
    limit_s = remaining_s(timeout_s)
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**environment(), **(env or {})},
            input=text,
            text=True,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        remaining_s(1)
        raise ToolError(f"{' '.join(command)[:200]} did not end in {limit_s:.0f} s.") from error
    with (HOME / "commands.log").open("a") as log:
        log.write(f"$ {' '.join(command)}\n{done.stdout[-20_000:]}{done.stderr[-20_000:]}\n")
    if done.returncode != 0:
        last = "\n".join(f"  | {line}" for line in (done.stdout + done.stderr).splitlines()[-20:])
        raise ToolError(f"{' '.join(command)[:200]} failed (exit {done.returncode}).\n{last}")
    return done.stdout


def succeeds(*command: str, timeout_s: float = 30) -> bool:
    """Whether a question is answered with yes."""
    try:
        done = subprocess.run(command, env=environment(), capture_output=True, timeout=timeout_s, check=False)
    except (subprocess.TimeoutExpired, FileNotFoundError):
        return False
    return done.returncode == 0


def kubectl(*arguments: str, text: str | None = None, timeout_s: float = 300) -> str:
    """Ask the cluster."""
    return run("kubectl", *arguments, text=text, timeout_s=timeout_s)


def wait_until(check: Callable[[], bool], seconds: float, what: str) -> None:
    """Ask until the answer is yes. Raises :class:`ToolError` when the time is over."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise ToolError(f"{what} did not come in {seconds:.0f} s; see build/kind/commands.log.")
        time.sleep(1)

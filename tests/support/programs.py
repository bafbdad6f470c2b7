"""Relays and workers as real processes, to be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools import procfs
from tools.paths import BACKEND, ROOT

WORKER_FLAGS = ("--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", "INFO")


class Programs:
    """Starts programs of the backend, each the leader of a session, and ends them all when told."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder, self._environment = folder, {**os.environ, **environment}
        self._running: list[subprocess.Popen[bytes]] = []

    def relay(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start an outbox relay."""
        return self._start("relay", [str(BACKEND / "manage.py"), "outbox_relay"], environment)

    def worker(
        self, *, queues: str, concurrency: int = 2, include: str = "", **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start a worker on some queues, with the tasks of the module ``include`` besides the shop's."""
        command = ["-m", "celery", "-A", "config.celery", "worker", "-Q", queues, "-c", str(concurrency)]
        command += ["--include", include] if include else []
        return self._start("worker", [*command, *WORKER_FLAGS], environment)

    def kill(self, program: subprocess.Popen[bytes]) -> None:
        """SIGKILL a program with all its processes."""
        for pid in procfs.session_members(program.pid):
            _signal(pid, signal.SIGKILL)
        program.wait(timeout=10)
        self._running.remove(program)

    def kill_child(self, program: subprocess.Popen[bytes]) -> bool:
        """SIGKILL one pool process of a worker; ``False`` if it has none at the moment."""
        children = [pid for pid in procfs.session_members(program.pid) if pid != program.pid]
        if children:
            _signal(children[0], signal.SIGKILL)
        return bool(children)

    def stop(self, program: subprocess.Popen[bytes]) -> int:
        """SIGTERM, and the exit status."""
        program.terminate()
        status = program.wait(timeout=30)
        self._running.remove(program)
        return status

    def stop_all(self) -> None:
        """Kill what still runs."""
        for program in list(self._running):
            self.kill(program)

    def logs(self) -> Iterator[Path]:
        """Files with the output."""
        return self._folder.glob("*.log")

    def _start(self, name: str, command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as output:
            program = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env={**self._environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(program)
        return program


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass

"""Background programs without a supervisor: each has a record on disk by which any later command finds it again.

A record names the process by number *and* start time, so that only processes that were started here are ever
signalled. Every service leads a session of its own: it survives the shell that started it, and what it leaves
behind when it is killed can still be found and ended.
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, ClassVar

from tools import procfs
from tools.errors import ToolError
from tools.paths import ROOT

LOG_LIMIT = 10_000_000
POLL_S = 0.05
#: Passed on to every service from the shell; all else a service needs is in its ``env``.
INHERITED = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Service:
    """One program to keep running: how to start it, how to see that it works, how to end it."""

    name: str
    command: tuple[str, ...]
    #: Asked until it says yes; must answer within a second or so.
    ready: Callable[[], bool]
    address: str = ""
    note: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = ROOT
    #: Services that must be ready before this one starts.
    depends: tuple[str, ...] = ()
    #: Files and folders whose change makes a restart necessary.
    sources: tuple[Path, ...] = ()
    #: A folder that is emptied before each start.
    scratch: Path | None = None
    #: ``(uid, gid)`` to become, for programs that refuse root.
    run_as: tuple[int, int] | None = None
    #: Whether it leaves the processor to the others when there is not enough for all.
    yields: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    ready_s: float = 180.0
    grace_s: float = 15.0

    def fingerprint(self) -> str:
        """Changes when the running process no longer is what this description would start."""
        what = [
            self.command,
            sorted(self.env.items()),
            str(self.cwd),
            self.run_as,
            source_digest(self.sources),
        ]
        return hashlib.sha256(json.dumps(what).encode()).hexdigest()


@dataclass(frozen=True)
class Record:
    """What was started, as remembered on disk."""

    name: str
    pid: int
    identity: str
    fingerprint: str
    address: str
    note: str
    depends: tuple[str, ...]
    stop_signal: int
    grace_s: float

    @property
    def alive(self) -> bool:
        """Whether that very process still runs."""
        return procfs.identity(self.pid) == self.identity

    def leftovers(self) -> list[int]:
        """Processes of its session; nobody else's, since a number in use as a session is not given out again."""
        leader = procfs.identity(self.pid)
        return [] if leader not in (None, self.identity) else procfs.session_members(self.pid)


class ProcessTable:
    """The services of one state folder."""

    # Of the whole program, not of a table: services outlive the table that started them, and are reaped by any.
    _children: ClassVar[list[subprocess.Popen[bytes]]] = []

    def __init__(self, folder: Path, report: Callable[[str], None] = print) -> None:
        self._run = folder / "run"
        self._logs = folder / "logs"
        self._report = report
        for path in (self._run, self._logs):
            path.mkdir(parents=True, exist_ok=True)

    def log_path(self, name: str) -> Path:
        """Where the output of a service goes."""
        return self._logs / f"{name}.log"

    def shown_log(self, name: str) -> str:
        """The same for people: relative to the checkout where it can be."""
        path = self.log_path(name)
        return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)

    def record(self, name: str) -> Record | None:
        """What is remembered of a service, running or not."""
        try:
            values: dict[str, Any] = json.loads((self._run / f"{name}.json").read_text())
        except FileNotFoundError:
            return None
        return Record(**{**values, "depends": tuple(values["depends"])})

    def records(self) -> dict[str, Record]:
        """Everything that was started and not stopped."""
        found = (self.record(path.stem) for path in sorted(self._run.glob("*.json")))
        return {record.name: record for record in found if record}

    def is_running(self, name: str) -> bool:
        """Whether the process that was started as ``name`` is alive."""
        record = self.record(name)
        return record is not None and record.alive

    def ensure(self, services: Iterable[Service]) -> list[str]:
        """Start what does not run, restart what has changed, wait until all are ready; names of the (re)started."""
        by_name = {service.name: service for service in services}
        order = TopologicalSorter({s.name: set(s.depends) & set(by_name) for s in by_name.values()})
        order.prepare()
        changed: list[str] = []
        while order.is_active():
            batch = order.get_ready()
            started = [name for name in batch if self._start_if_needed(by_name[name])]
            begin = time.monotonic()
            for name in batch:
                self._wait_ready(by_name[name])
                if name in started:
                    self._report(f"  {name} is up ({time.monotonic() - begin:.1f} s)")
            changed += started
            order.done(*batch)
        return changed

    def stop(self, names: Iterable[str] | None = None) -> list[str]:
        """End the named services (all when ``None``), dependants first; answers who was running."""
        records = self.records()
        wanted = set(records) if names is None else set(names) & set(records)
        dependants = {name: {other for other in wanted if name in records[other].depends} for name in wanted}
        order = TopologicalSorter(dependants)
        order.prepare()
        stopped: list[str] = []
        while order.is_active():
            batch = order.get_ready()
            alive = [name for name in batch if records[name].alive]
            for name in alive:
                os.kill(records[name].pid, records[name].stop_signal)
            for name in batch:
                self._await_end(records[name])
            stopped += alive
            order.done(*batch)
        self._children[:] = [
            child for child in self._children if child.poll() is None
        ]  # asking is what reaps
        return stopped

    def _start_if_needed(self, service: Service) -> bool:
        record = self.record(service.name)
        if record is not None:
            if record.alive and record.fingerprint == service.fingerprint():
                return False
            self.stop([service.name])
        self._start(service)
        return True

    def _start(self, service: Service) -> None:
        log = self.log_path(service.name)
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        if service.scratch:
            shutil.rmtree(service.scratch, ignore_errors=True)
            service.scratch.mkdir(parents=True)
        uid, gid = service.run_as or (None, None)
        with log.open("ab") as output:
            output.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} starting {service.name}\n".encode())
            output.flush()
            try:
                process = subprocess.Popen(
                    service.command,
                    env={**{key: os.environ[key] for key in INHERITED if key in os.environ}, **service.env},
                    cwd=service.cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    user=uid,
                    group=gid,
                    extra_groups=None if uid is None else [],
                )
            except FileNotFoundError as error:
                raise ToolError(f"{service.name} cannot start: {error.filename} is missing.") from error
        if service.yields:
            procfs.make_yield(process.pid)
        self._children.append(process)
        # An identity of "" (it ended at once) matches no living process.
        record = Record(
            service.name, process.pid, procfs.identity(process.pid) or "", service.fingerprint(), service.address,
            service.note, service.depends, service.stop_signal, service.grace_s,
        )  # fmt: skip
        target = self._run / f"{service.name}.json"
        target.write_text(json.dumps(vars(record)))

    def _wait_ready(self, service: Service) -> None:
        deadline = time.monotonic() + service.ready_s
        while time.monotonic() < deadline:
            if not self.is_running(service.name):
                raise ToolError(f"{service.name} ended while starting.\n{self.tail(service.name)}")
            if service.ready():
                return
            time.sleep(POLL_S)
        raise ToolError(
            f"{service.name} was not ready after {service.ready_s:.0f} s.\n{self.tail(service.name)}"
        )

    def tail(self, name: str, lines: int = 20) -> str:
        """The last output of a service since it was last started, and where the rest is."""
        path = self.log_path(name)
        text = path.read_text(errors="replace") if path.exists() else ""
        recent = text.rpartition(f"starting {name}\n")[2].splitlines()[-lines:]
        return "\n".join([*(f"  | {line}" for line in recent), f"The whole log is {self.shown_log(name)}."])

    def _await_end(self, record: Record) -> None:
        self._poll(lambda: not record.alive, record.grace_s)
        for pid in record.leftovers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._poll(lambda: not record.leftovers(), 5)
        (self._run / f"{record.name}.json").unlink(missing_ok=True)

    @staticmethod
    def _poll(done: Callable[[], bool], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not done() and time.monotonic() < deadline:
            time.sleep(POLL_S)


def source_digest(paths: Iterable[Path]) -> str:
    """Changes with any file below ``paths``: names, sizes and times, not contents, so that it takes milliseconds."""
    digest = hashlib.sha256()
    for root in paths:
        for path in sorted([root] if root.is_file() else root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                stat = path.stat()
                digest.update(f"{path}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()

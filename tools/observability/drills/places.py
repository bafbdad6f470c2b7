"""Where a drill takes place: the stack on this machine, or a cluster. The drills are the same for both."""

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg

from tools.errors import ToolError
from tools.kind.shell import environment, kubectl
from tools.servers.prometheus import prometheus_ask
from tools.stack import ai
from tools.stack.commands import Stack
from tools.stack.prepare import run_manage

#: What a program of the local stack is called in a cluster.
_WORKLOADS = {"worker": "worker-default", "redis": "statefulset/redis"}


class Place(Protocol):
    """What a drill may do to the shop."""

    @property
    def url(self) -> str:
        """The front door."""

    def manage(self, *arguments: str) -> None:
        """Run a management command."""

    def away(self, program: str) -> contextlib.AbstractContextManager[None]:
        """Take a program away for a while."""

    def database(self) -> contextlib.AbstractContextManager[str]:
        """An address of the shop's database."""

    def ai_database(self) -> contextlib.AbstractContextManager[str]:
        """An address of that of the AI services."""

    def ask(self, path: str, **parameters: str | float) -> Any:
        """Prometheus's answer."""


@dataclass(frozen=True)
class LocalPlace:
    """A stack on this machine, with a Prometheus beside it."""

    stack: Stack
    prometheus: str

    @property
    def url(self) -> str:
        """The front door."""
        return self.stack.config.url

    def manage(self, *arguments: str) -> None:
        """As it says."""
        run_manage(self.stack.manage_environment(), *arguments)

    @contextmanager
    def away(self, program: str) -> Iterator[None]:
        """Stop its processes where they are: it neither answers nor hangs up, which is worse than being dead."""
        record = self.stack.table.record(program)
        if record is None or not record.alive:
            raise ToolError(f"{program} does not run.")
        members = sorted({record.pid, *record.leftovers()})
        _signal(members, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(members, signal.SIGCONT)

    @contextmanager
    def database(self) -> Iterator[str]:
        """As it says."""
        yield self.stack.environment["DATABASE_URL"]

    @contextmanager
    def ai_database(self) -> Iterator[str]:
        """As it says."""
        yield ai.database_url(self.stack.environment["DATABASE_URL"])

    def ask(self, path: str, **parameters: str | float) -> Any:
        """As it says."""
        return prometheus_ask(self.prometheus, path, **parameters)


@dataclass(frozen=True)
class ClusterPlace:
    """A release in a cluster, by ``kubectl``: the shop by its ingress, Prometheus and databases by their pods."""

    url: str
    namespace: str

    def manage(self, *arguments: str) -> None:
        """In the backend's pod."""
        self._kubectl(
            "exec", "deploy/backend", "--container", "backend", "--", "python", "manage.py", *arguments
        )

    @contextmanager
    def away(self, program: str) -> Iterator[None]:
        """Scale it to none."""
        workload = _WORKLOADS.get(program, program.replace("_", "-"))
        workload = workload if "/" in workload else f"deployment/{workload}"
        replicas = json.loads(self._kubectl("get", workload, "--output", "json"))["spec"]["replicas"]
        self._kubectl("scale", workload, "--replicas=0")
        try:
            yield
        finally:
            self._kubectl("scale", workload, f"--replicas={replicas}")
            self._kubectl("rollout", "status", workload, "--timeout=180s")

    @contextmanager
    def database(self) -> Iterator[str]:
        """Through a port-forward."""
        with self._forwarded("postgresql") as address:
            yield address

    @contextmanager
    def ai_database(self) -> Iterator[str]:
        """Through a port-forward."""
        with self._forwarded("postgresql-ai") as address:
            yield address

    def ask(self, path: str, **parameters: str | float) -> Any:
        """From within Prometheus's pod, which needs no way in."""
        address = f"http://127.0.0.1:9090/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        answer = self._kubectl(
            "exec", "deploy/prometheus", "--container", "prometheus", "--", "curl", "-fsS", address
        )
        return json.loads(answer)["data"]

    @contextmanager
    def _forwarded(self, store: str) -> Iterator[str]:
        secret = json.loads(self._kubectl("get", "secret", store, "--output", "json"))["data"]
        password = subprocess.run(
            ["base64", "--decode"], input=secret["password"], capture_output=True, text=True, check=True
        ).stdout
        command = ["kubectl", "--namespace", self.namespace, "port-forward", f"service/{store}", ":5432"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as forward:
            try:
                assert forward.stdout
                port = forward.stdout.readline().rpartition("->")[0].rpartition(":")[2].strip()
                yield f"postgres://meshop:{password}@127.0.0.1:{port}/meshop"
            finally:
                forward.terminate()

    def _kubectl(self, *arguments: str) -> str:
        return kubectl("--namespace", self.namespace, *arguments)


def execute(address: str, statement: str, *parameters: Any) -> int:
    """Run one statement and commit it; how many rows it was about."""
    with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
        return connection.execute(statement, parameters).rowcount


def wait_until(condition: Callable[[], bool], *, timeout_s: float, what: str) -> None:
    """Return once it holds. Raises :class:`ToolError` when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise ToolError(f"Waited for {what}, for {timeout_s:g} s.")
        time.sleep(0.2)


def _signal(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)

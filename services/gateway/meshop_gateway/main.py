"""Entry point: one worker in this process, or several in processes that this one looks after."""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from meshop_gateway.route_source import RouteSource, TableInvalid
from meshop_gateway.settings import GatewaySettings
from meshop_shared.settings import load_settings

_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_CHECK_S = 0.1
_KILL_AFTER_S = 5.0
#: A worker that ends sooner than this cannot start at all: starting it again would not help.
_STARTED_S = 3.0


def main(arguments: list[str] | None = None) -> int:
    """Run the gateway; its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m meshop_gateway", description="The Meshop gateway; see docs/gateway.md."
    )
    parser.add_argument("--check", action="store_true", help="only check the settings and the route table")
    parser.add_argument("--worker", type=int, metavar="FD", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    settings = load_settings(GatewaySettings)
    try:
        table = RouteSource(settings).load()
    except TableInvalid as error:
        print(f"route table: {error}", file=sys.stderr)
        return 2
    if options.check:
        print(f"{len(table.routes)} routes to {len(table.upstreams)} upstreams")
        return 0
    if options.worker is not None:
        return _work(settings, socket.socket(fileno=options.worker))
    try:
        listener = _listen(settings)
    except OSError as error:
        print(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}", file=sys.stderr)
        return 2
    if settings.workers == 1:
        return _work(settings, listener)
    with tempfile.TemporaryDirectory(prefix="meshop-gateway-") as folder:
        metrics = settings.prometheus_multiproc_dir or Path(folder)
        return Supervisor(settings, listener, metrics).run()


def _listen(settings: GatewaySettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.host, settings.port))
    listener.set_inheritable(True)
    return listener


def _work(settings: GatewaySettings, listener: socket.socket) -> int:
    # Imported here: prometheus-client decides on import whether processes share their metrics.
    from meshop_gateway.server import serve

    serve(settings, listener)
    return 0


class Supervisor:
    """Starts the workers, replaces those that die, and hands signals on. Exits with 0 after an orderly stop."""

    def __init__(self, settings: GatewaySettings, listener: socket.socket, metrics: Path) -> None:
        self._settings, self._listener, self._metrics = settings, listener, metrics
        self._workers: dict[subprocess.Popen[bytes], float] = {}
        self._stopping = False

    def run(self) -> int:
        """Look after the workers until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        signal.signal(signal.SIGHUP, lambda *_: self._signal(signal.SIGHUP))
        for _ in range(self._settings.workers):
            self._start()
        failed = 0
        while not self._stopping:
            failed = self._replace_dead()
            time.sleep(_CHECK_S)
        return self._wait() or failed

    def _replace_dead(self) -> int:
        """Start a worker for each that died. Gives up, with the exit status of the culprit, if one cannot start."""
        for worker in [worker for worker in self._workers if worker.poll() is not None]:
            if self._stopping:
                break
            started = self._workers.pop(worker)
            self._bury(worker)
            if time.monotonic() - started < _STARTED_S:
                self._stop()
                return worker.returncode or 1
            self._start()
        return 0

    def _start(self) -> None:
        command = [sys.executable, "-m", "meshop_gateway", "--worker", str(self._listener.fileno())]
        environment = {**os.environ, _METRICS: str(self._metrics)}
        worker = subprocess.Popen(command, env=environment, pass_fds=(self._listener.fileno(),))
        self._workers[worker] = time.monotonic()

    def _stop(self) -> None:
        self._stopping = True
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        for worker in self._workers:
            worker.send_signal(number)

    def _wait(self) -> int:
        """Give the workers the time that draining may take, then kill; 0 if all ended by themselves."""
        patience = self._settings.drain_delay_s + self._settings.shutdown_grace_s + _KILL_AFTER_S
        deadline, status = time.monotonic() + patience, 0
        for worker in self._workers:
            try:
                ended = worker.wait(timeout=max(0.0, deadline - time.monotonic()))
                # One that was still starting has no handler for the signal yet.
                status = status or (0 if ended == -signal.SIGTERM else ended)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
                status = 1
        return status

    def _bury(self, worker: "subprocess.Popen[bytes]") -> None:
        for gauge in self._metrics.glob(f"gauge_live*_{worker.pid}.db"):
            gauge.unlink()

"""What the parts of ``make bench-ai`` share: a service of its own process, its calls in turn, and the table of both.

One caller, one connection. ``BENCH_AI_CALLS`` says how many calls each.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tools.paths import AI, SHARED
from tools.ports import pick_port

CALLS = int(os.environ.get("BENCH_AI_CALLS", "300"))
LIMIT_MB = 400
_WARM_UP = 10
Ask = Callable[[str, str, Any], bytes]
#: Method, path, and what draws the next question.
Call = tuple[str, str, Callable[[], Any]]


@contextmanager
def service_running(name: str, **environment: str) -> Iterator[tuple[int, int]]:
    """The service on this machine; its port and its process."""
    port = pick_port()
    given = {
        "PATH": os.environ["PATH"], "PYTHONPATH": f"{SHARED}:{AI}", "PORT": str(port), "LOG_LEVEL": "WARNING",
        "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", **environment,
    }  # fmt: skip
    program = subprocess.Popen([sys.executable, "-m", f"{name}.main"], env=given)
    try:
        yield port, program.pid
    finally:
        program.terminate()
        program.wait(20)


@contextmanager
def shop_played(answer: Callable[[str], bytes]) -> Iterator[str]:
    """A shop that answers GET by path at once; its address."""

    class Shop(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = (
            65_536  # head and body in one piece: apart, the second waits for the first to be acknowledged
        )

        def do_GET(self) -> None:
            body = answer(self.path.partition("?")[0])
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


def connected(port: int, *, trained: bool = True) -> Ask:
    """A connection to the service, once its model answers, or, untrained, the service itself."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/v1/model")
            if json.loads(connection.getresponse().read())["model"] or not trained:
                return _asking(connection)
        except OSError:
            pass
        connection.close()
        time.sleep(0.05)
    raise SystemExit("the service does not answer")


def _asking(connection: http.client.HTTPConnection) -> Ask:
    def ask(method: str, path: str, question: Any) -> bytes:
        body = None if question is None else json.dumps(question)
        connection.request(method, path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        assert response.status == 200, content
        return content

    return ask


def metric_awaited(ask: Ask, line: str) -> float:
    """Wait until the service's metrics have this line; the seconds that took."""
    began = time.monotonic()
    while line not in ask("GET", "/metrics", None).decode():
        if time.monotonic() - began > 600:
            raise SystemExit(f"the service never said {line}")
        time.sleep(0.1)
    return time.monotonic() - began


def judged(ask: Ask, pid: int, calls: Mapping[str, Call], *, limit_mb: int = LIMIT_MB) -> int:
    """Print p50 and p95 beside an empty endpoint, and the largest memory; 1 when that is more than it may be."""
    times = {name: _timed(ask, *call) for name, call in calls.items()}
    empty = _timed(ask, "GET", "/healthz", lambda: None)
    print(f"\n{f'ms, {CALLS} calls':34}{'p50':>8}{'p95':>8}{'p95 to empty':>14}")
    for name, values in {"empty endpoint": empty, **times}.items():
        p50, p95 = _quantile(values, 0.5), _quantile(values, 0.95)
        print(f"{name:34}{p50:8.1f}{p95:8.1f}{p95 / _quantile(empty, 0.95):12.1f} ×")
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    memory = int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1e3
    print(f"\nlargest memory {memory:.0f} MB of {limit_mb} MB", flush=True)
    return int(memory > limit_mb)


def _timed(ask: Ask, method: str, path: str, question: Callable[[], Any]) -> list[float]:
    """Milliseconds of each call, sorted."""
    times = []
    for number in range(CALLS + _WARM_UP):
        asked = question()
        began = time.perf_counter()
        ask(method, path, asked)
        if number >= _WARM_UP:
            times.append((time.perf_counter() - began) * 1e3)
    return sorted(times)


def _quantile(values: list[float], share: float) -> float:
    return values[min(int(len(values) * share), len(values) - 1)]

"""Part of ``make bench-ai``: search by photo and the check of a new picture beside an empty endpoint, and memory.

The shop is played by this program: ``BENCH_VISUAL_PICTURES`` drawings (300). One caller, one connection.
"""

import base64
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.load.bench_ai import CALLS, LIMIT_MB, quantile, timed
from tests.support.drawings import encoded, thing
from tools.paths import AI, SHARED
from tools.ports import pick_port

PICTURES = int(os.environ.get("BENCH_VISUAL_PICTURES", "300"))


class Shop(BaseHTTPRequestHandler):
    """Lists the drawings and sends them."""

    def do_GET(self) -> None:
        if self.path.startswith("/media/"):
            body = encoded(thing(int(self.path.removeprefix("/media/").removesuffix(".jpg"))))
        else:
            rows = [
                {"id": n + 1, "file": f"{n}.jpg", "product_id": n + 1, "category": "c"}
                for n in range(PICTURES)
            ]
            body = json.dumps({"next": None, "results": rows}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> int:
    """Print the table; 1 when the service needs more memory than it may."""
    shop = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    port = pick_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": f"{SHARED}:{AI}", "PORT": str(port),
            "AI_DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing", "MODEL_STORE": Path(folder).as_uri(),
            "BACKEND_URL": f"http://127.0.0.1:{shop.server_address[1]}", "LOG_LEVEL": "ERROR",
            "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "DECISION_LOG": "off", "CATALOGUE_POLL_S": "600",
        }  # fmt: skip
        program = subprocess.Popen([sys.executable, "-m", "visual_recognition.main"], env=environment)
        try:
            return measure(port, program.pid)
        finally:
            program.terminate()
            program.wait(20)
            shop.shutdown()


def measure(port: int, pid: int) -> int:
    """Wait until all pictures are known, ask, and read the memory from ``/proc``."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(method: str, path: str, question: dict | None) -> bytes:
        body = None if question is None else json.dumps(question)
        try:
            connection.request(method, path, body, {"content-type": "application/json"})
        except OSError:  # not started yet
            connection.close()
            raise
        response = connection.getresponse()
        content = response.read()
        assert response.status == 200, content
        return content

    deadline = time.monotonic() + 600
    while f"meshop_visual_pictures {float(PICTURES)}" not in known(ask):
        if time.monotonic() > deadline:
            raise SystemExit("the service does not see the pictures")
        time.sleep(0.2)
    photo = {"image": base64.b64encode(encoded(thing(7, side=640))).decode()}
    calls = {
        "empty endpoint": timed(ask, "GET", "/healthz", lambda: None),
        "search by photo": timed(ask, "POST", "/v1/search", lambda: photo),
        "check of a new picture": timed(ask, "POST", "/v1/inspect", lambda: photo),
    }
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    memory = int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1e3
    empty = quantile(calls["empty endpoint"], 0.95)
    print(f"\n{f'ms, {PICTURES} pictures, {CALLS} calls':34}{'p50':>8}{'p95':>8}{'p95 to empty':>14}")
    for name, values in calls.items():
        p50, p95 = quantile(values, 0.5), quantile(values, 0.95)
        print(f"{name:34}{p50:8.1f}{p95:8.1f}{p95 / empty:12.1f} ×")
    print(f"\nlargest memory {memory:.0f} MB of {LIMIT_MB} MB")
    return 1 if memory > LIMIT_MB else 0


def known(ask) -> str:
    """The metrics, empty while the service starts."""
    try:
        return ask("GET", "/metrics", None).decode()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())

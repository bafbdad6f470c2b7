"""The assistant's own part of ``make bench-ai``: its main calls beside an empty endpoint, and its memory.

The shop behind it is a stub that answers at once, so that what is measured is the assistant and its calls, not the
shop. ``BENCH_AI_CALLS`` says how many calls each. Needs PostgreSQL and Redis (the test servers).
"""

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
from typing import Any

from chatbot.train import main as train_main
from tests.load.ai_model_wait import wait_for_model
from tests.support.ai import ai_database
from tools.paths import AI, SHARED
from tools.ports import pick_port

CALLS = int(os.environ.get("BENCH_AI_CALLS", "300"))
LIMIT_MB = 400
PRODUCT = {
    "id": 1, "slug": "kettle", "sku": "K-1", "name": "Tarnwick Kettle", "description": "", "brand": "Tarnwick",
    "category": None, "tags": [], "price": "39.00", "currency": "GBP", "stock": 9, "in_stock": True, "rating": 0,
    "review_count": 0, "images": [], "variants": [], "attributes": {},
}  # fmt: skip
POLICY = {
    "slug": "returns",
    "title": "Returns",
    "keywords": ["refund"],
    "body": "You can return within 30 days.",
}
ANSWERS: dict[str, Any] = {
    "/api/products/": {"count": 1, "next": None, "previous": None, "results": [PRODUCT]},
    "/api/support/policies/": {"results": [POLICY]},
    "/api/orders/cart/": {"items": [], "total": "0.00", "currency": "GBP"},
}
SAID = {
    "terms": "how many days do I have to send something back?",
    "price of a product": "how much is the tarnwick kettle?",
    "proposal to add": "please add two tarnwick kettles to my cart",
}


class Stub(BaseHTTPRequestHandler):
    """A shop with one product."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65_536  # head and body in one piece: apart, the second waits for the first to be acknowledged

    def do_GET(self) -> None:
        body = json.dumps(ANSWERS[self.path.partition("?")[0]]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> int:
    """Print the table; 1 when the service needs more memory than it may."""
    shop = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    shop.daemon_threads = True
    threading.Thread(target=shop.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder, ai_database() as database:
        port = pick_port()
        settings = {"AI_DATABASE_URL": database, "MODEL_STORE": Path(folder).as_uri()}
        os.environ.update(settings)
        if train_main(["--version", "bench"]) != 0:
            return 1
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": f"{SHARED}:{AI}", "REDIS_URL": os.environ["REDIS_URL"],
            "GATEWAY_URL": f"http://127.0.0.1:{shop.server_address[1]}", "PORT": str(port), "LOG_LEVEL": "WARNING",
            **settings,
        }  # fmt: skip
        program = subprocess.Popen([sys.executable, "-m", "chatbot.main"], env=environment)
        try:
            return measure(port, program.pid)
        finally:
            program.terminate()
            program.wait(20)


def measure(port: int, pid: int) -> int:
    """Ask, and read the memory from ``/proc``."""
    connection = wait_for_model(port)
    empty = timed(connection, "GET", "/healthz", None)
    print(f"\n{'ms':34}{'p50':>8}{'p95':>8}{'p95 to empty':>14}")
    for name, times in [("empty endpoint", empty)] + [
        (name, timed(connection, "POST", "/api/chat/", {"message": text})) for name, text in SAID.items()
    ]:
        p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
        print(f"{name:34}{p50:8.1f}{p95:8.1f}{p95 / empty[int(len(empty) * 0.95)]:12.1f} ×")
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    memory = int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1e3
    print(f"\nlargest memory {memory:.0f} MB of {LIMIT_MB} MB")
    return 1 if memory > LIMIT_MB else 0


def timed(connection: http.client.HTTPConnection, method: str, path: str, question: Any) -> list[float]:
    """Milliseconds of each call, sorted."""
    times = []
    for number in range(CALLS + 10):
        began = time.perf_counter()
        body = None if question is None else json.dumps(question)
        connection.request(method, path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        assert response.status == 200, content
        if number >= 10:
            times.append((time.perf_counter() - began) * 1e3)
    return sorted(times)


if __name__ == "__main__":
    sys.exit(main())

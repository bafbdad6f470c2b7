"""The semantic search's own part of ``make bench-ai``: a search beside an empty endpoint, and its memory.

The catalogue is that of Online Retail II when its file is here (``RETAIL``), else of generated names. Texts are two
words of a name, and new each time: a text that was asked before costs no encoding. One caller, one connection.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from meshop_shared.ai.features import PRODUCTS, FeatureStore
from recommendations.interactions import interactions_build, online_retail_lines
from tests.load.ai_model_wait import wait_for_model
from tests.load.bench_ai import CALLS, DATA, quantile, timed
from tests.support.ai import ai_database
from tests.support.shop_history import shop_history
from tools.paths import AI, SHARED, TEXT_MODEL
from tools.ports import pick_port

LIMIT_MB = 600


def main() -> int:
    """Print the table; 1 when the service needs more memory than it may."""
    history = interactions_build(online_retail_lines(DATA)) if DATA.is_file() else shop_history()
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder, ai_database() as database:
        store = FeatureStore(database)
        store.prepare()
        named = zip(history.skus, history.names, strict=True)
        store.put(
            PRODUCTS,
            ((number, now, sku, name, "", "{}", True) for number, (sku, name) in enumerate(named, 1)),
        )
        port = pick_port()
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": f"{SHARED}:{AI}", "AI_DATABASE_URL": database,
            "MODEL_STORE": Path(folder).as_uri(), "PORT": str(port), "LOG_LEVEL": "WARNING",
            "TEXT_MODEL": str(TEXT_MODEL), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip
        program = subprocess.Popen([sys.executable, "-m", "semantic_search.main"], env=environment)
        try:
            return measure(port, program.pid, history.names)
        finally:
            program.terminate()
            program.wait(20)


def measure(port: int, pid: int, names: tuple[str, ...]) -> int:
    """Ask once it knows all products, and read the memory from ``/proc``."""
    connection = wait_for_model(port, trained=False)

    def ask(method: str, path: str, question: dict | None) -> bytes:
        body = None if question is None else json.dumps(question)
        connection.request(method, path, body, {"content-type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        assert response.status == 200, content
        return content

    began = time.monotonic()
    while f"meshop_semantic_products {float(len(names))}" not in ask("GET", "/metrics", None).decode():
        if time.monotonic() - began > 600:
            raise SystemExit("the service does not know the catalogue")
        time.sleep(0.1)
    print(f"\n{len(names)} products were known after {time.monotonic() - began:.1f} s", flush=True)
    chance = random.Random(1)

    def new_text() -> dict:
        return {
            "text": " ".join(chance.sample(chance.choice(names).split() * 2, 2)) + f" {chance.random()}"[:6]
        }

    calls = {
        "empty endpoint": timed(ask, "GET", "/healthz", lambda: None),
        "search for a new text": timed(ask, "POST", "/v1/search", new_text),
        "search for the same text": timed(
            ask, "POST", "/v1/search", lambda: {"text": "red mug under 5 pounds"}
        ),
    }
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    memory = int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1e3
    empty = quantile(calls["empty endpoint"], 0.95)
    print(f"{f'ms, {CALLS} calls':34}{'p50':>8}{'p95':>8}{'p95 to empty':>14}")
    for name, values in calls.items():
        p50, p95 = quantile(values, 0.5), quantile(values, 0.95)
        print(f"{name:34}{p50:8.1f}{p95:8.1f}{p95 / empty:12.1f} ×")
    print(f"\nlargest memory {memory:.0f} MB of {LIMIT_MB} MB")
    return 1 if memory > LIMIT_MB else 0


if __name__ == "__main__":
    sys.exit(main())

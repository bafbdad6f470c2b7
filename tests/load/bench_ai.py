"""``make bench-ai``: the main calls of the AI services beside an empty endpoint of the same program, and their memory.

One caller, one connection, a model of the real shop when its data is here, else of a generated one.
``RETAIL`` names its file, ``BENCH_AI_CALLS`` says how many calls each. Needs PostgreSQL (the test servers).
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from meshop_shared.ai.registry import Registry
from meshop_shared.ai.training import Requirement, Trained, publish
from recommendations.fitting import recommender_fit
from recommendations.interactions import Interactions, interactions_build, online_retail_lines
from tests.load.ai_model_wait import wait_for_model
from tests.support.ai import ai_database
from tests.support.shop_history import shop_history
from tools.paths import AI, ROOT, SHARED
from tools.ports import pick_port

CALLS = int(os.environ.get("BENCH_AI_CALLS", "300"))
DATA = Path(os.environ.get("RETAIL") or ROOT.parent / "shared" / "data" / "online_retail_II_2009_2010.csv.gz")
LIMIT_MB = 400
Ask = Callable[[str, str, dict | None], bytes]


def main() -> int:
    """Print the table; 1 when a service needs more memory than it may."""
    history = interactions_build(online_retail_lines(DATA)) if DATA.is_file() else shop_history()
    last = date.fromordinal(int(history.day.max()))
    print(f"{len(history.skus)} articles, learned to {last}", flush=True)
    content = recommender_fit(history, today=last.toordinal(), seed=1).dumps()
    with tempfile.TemporaryDirectory() as folder, ai_database() as database:
        store = Path(folder).as_uri()
        trained = Trained(
            artefact=lambda: content, data_digest=history.digest(), split="", metrics={"x": 1}, baselines={},
            requirements=(Requirement("x", None, 1),),
        )  # fmt: skip
        publish(
            name="recommendations", version="bench", seed=1, trained=trained, registry=Registry(database),
            store=store, promote=True,
        )  # fmt: skip
        return measure(database, store, history)


def measure(database: str, store: str, history: Interactions) -> int:
    """Start the service, ask, and read its memory from ``/proc``."""
    port = pick_port()
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": f"{SHARED}:{AI}", "AI_DATABASE_URL": database,
        "MODEL_STORE": store, "PORT": str(port), "LOG_LEVEL": "WARNING", "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    program = subprocess.Popen([sys.executable, "-m", "recommendations.main"], env=environment)
    try:
        connection = wait_for_model(port)

        def ask(method: str, path: str, question: dict | None) -> bytes:
            body = None if question is None else json.dumps(question)
            connection.request(method, path, body, {"content-type": "application/json"})
            response = connection.getresponse()
            content = response.read()
            assert response.status == 200, content
            return content

        times = {name: timed(ask, *call) for name, call in calls(history).items()}
        memory = int(next(
            line.split()[1] for line in Path(f"/proc/{program.pid}/status").read_text().splitlines()
            if line.startswith("VmHWM")
        )) / 1e3  # fmt: skip
    finally:
        program.terminate()
        program.wait(20)
    empty = times["empty endpoint"]
    print(f"\n{'ms':34}{'p50':>8}{'p95':>8}{'p95 to empty':>14}")
    for name, values in times.items():
        p50, p95 = quantile(values, 0.5), quantile(values, 0.95)
        print(f"{name:34}{p50:8.1f}{p95:8.1f}{p95 / quantile(empty, 0.95):12.1f} ×")
    print(f"\nlargest memory {memory:.0f} MB of {LIMIT_MB} MB; ended with {program.returncode}")
    return 1 if memory > LIMIT_MB else 0


def calls(history: Interactions) -> dict[str, tuple[str, str, Callable[[], dict | None]]]:
    """What is asked, drawn anew each time from a fixed seed."""
    chance = random.Random(1)

    def bought(lines: int) -> Callable[[], dict]:
        return lambda: {
            "limit": 30,
            "bought": [
                {
                    "sku": chance.choice(history.skus), "order": line // 10, "days_ago": chance.random() * 200,
                    "quantity": 3, "price": 2.0,
                }
                for line in range(lines)
            ],
        }  # fmt: skip

    def article() -> dict:
        return {"sku": chance.choice(history.skus), "limit": 30}

    return {
        "empty endpoint": ("GET", "/healthz", lambda: None),
        "for you, 30 bought lines": ("POST", "/v1/for-you", bought(30)),
        "for you, 300 bought lines": ("POST", "/v1/for-you", bought(300)),
        "similar": ("POST", "/v1/similar", article),
        "bought together": ("POST", "/v1/bought-together", article),
        "cart of five": ("POST", "/v1/cart", lambda: {"skus": chance.sample(history.skus, 5), "limit": 30}),
    }


def timed(ask: Ask, method: str, path: str, question: Callable[[], dict | None]) -> list[float]:
    """Milliseconds of each call, sorted."""
    times = []
    for number in range(CALLS + 10):
        asked = question()
        began = time.perf_counter()
        ask(method, path, asked)
        if number >= 10:
            times.append((time.perf_counter() - began) * 1e3)
    return sorted(times)


def quantile(values: list[float], share: float) -> float:
    """Of sorted values."""
    return values[min(int(len(values) * share), len(values) - 1)]


if __name__ == "__main__":
    sys.exit(main())

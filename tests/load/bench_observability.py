"""``make bench-observability``: what tracing one request in ten costs, and what the metrics of a request cost.

Two gateways with two backends stand beside each other on the same datastores, one pair with traces and one without,
and are asked in turns of two seconds, so that whatever else the machine does hits both alike. The receiver of the
traces throws them away: what it costs is not the shop's.
"""

import itertools
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from meshop_shared.metrics import observe_request
from tests.load.http_load import request_bytes, run_load
from tools.ports import LOOPBACK, pick_port
from tools.processes import ProcessTable, Service
from tools.stack.commands import Stack
from tools.stack.config import StackConfig
from tools.stack.ready import http_ready
from tools.stack.services import backend, gateway
from tools.state import StateFolder

SHARE = "0.1"
TURNS, SECONDS, CONNECTIONS, PRODUCTS, USERS = 12, 2.0, 16, 20, 16
ALLOWED = 0.05
ADDRESS = {
    "full_name": "Ada Lovelace", "line1": "1 Main Street", "city": "London", "postal_code": "N1 1AA", "country": "GB",
}  # fmt: skip
Requests = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Compared:
    """Rates of paired turns, requests a second."""

    name: str
    plain: tuple[float, ...]
    traced: tuple[float, ...]

    @property
    def cost(self) -> float:
        """Median share of the rate that tracing takes away, over the pairs."""
        return statistics.median(
            1 - traced / plain for plain, traced in zip(self.plain, self.traced, strict=True)
        )


def main() -> int:
    """Print a line for each kind of request; 1 when one costs more than is allowed."""
    folder = Path(os.environ["MESHOP_STACK_DIR"])
    state = StateFolder(folder)
    stack = Stack.plan(StackConfig.from_json(state.remembered("config")), state)
    config = replace(stack.config, folder=folder / "traced", port=pick_port(), backend_port=pick_port())
    sink = pick_port()
    environment = {
        **stack.environment,
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LOOPBACK}:{sink}",
        "OTEL_TRACES_SAMPLER_ARG": SHARE,
    }
    table = ProcessTable(folder)
    table.ensure(
        [
            _sink(sink),
            replace(backend(config, environment), name="backend-traced"),
            replace(gateway(config, environment), name="gateway-traced", depends=("backend-traced",)),
        ]
    )
    wrong = False
    print(
        f"\n{'':14}{'plain':>9}{'traced':>9}{'cost':>8}   of {TURNS} pairs of {SECONDS:g} s, {SHARE} of requests traced"
    )
    for name, requests in _kinds(stack.config.url).items():
        compared = _compare(name, requests, plain=stack.config.url, traced=config.url)
        plain, traced = statistics.median(compared.plain), statistics.median(compared.traced)
        print(f"{name:14}{plain:9.0f}{traced:9.0f}{compared.cost:8.1%}", flush=True)
        wrong |= compared.cost > ALLOWED
    print(f"\nmetrics of a request: {_metrics_us():.1f} µs")
    return int(wrong)


def _compare(name: str, requests: Requests, *, plain: str, traced: str) -> Compared:
    rates: dict[str, list[float]] = {plain: [], traced: []}
    for url in rates:
        run_load(url, requests(), connections=CONNECTIONS, seconds=SECONDS)  # warm up
    for turn in range(TURNS):
        for url in (plain, traced) if turn % 2 else (traced, plain):
            result = run_load(url, requests(), connections=CONNECTIONS, seconds=SECONDS)
            if set(result.statuses) - {200, 201}:
                raise SystemExit(f"{name} was answered {dict(result.statuses)}")
            rates[url].append(result.rate)
    return Compared(name, tuple(rates[plain]), tuple(rates[traced]))


def _kinds(url: str) -> dict[str, Requests]:
    with httpx.Client(base_url=url, timeout=30) as client:
        access = client.post(
            "/api/auth/login/",
            json={"email": os.environ["MESHOP_ADMIN_EMAIL"], "password": os.environ["MESHOP_ADMIN_PASSWORD"]},
        ).json()["access"]
        staff = {"Authorization": f"Bearer {access}"}
        bodies = [
            {
                "name": f"Bench {n}",
                "sku": f"TRACE-{random.randrange(10**12)}",
                "price": "9.99",
                "stock": 10_000_000,
            }
            for n in range(PRODUCTS)
        ]
        products = [client.post("/api/products/", json=body, headers=staff).json()["id"] for body in bodies]
        buyers = [
            client.post(
                "/api/auth/register/",
                json={
                    "email": f"trace{random.randrange(10**12)}@example.com",
                    "password": "correct-horse-battery",
                },
            ).json()["access"]
            for _ in range(USERS)
        ]
    return {
        "list, cached": lambda: itertools.repeat(request_bytes("GET", "/api/products/")),
        "detail": lambda: _details(products, buyers),
        "order": lambda: _orders(products, buyers),
    }


def _details(products: list[int], buyers: list[str]) -> Iterator[bytes]:
    """With a token, so that no answer comes from the gateway's cache."""
    while True:
        headers = {"Authorization": f"Bearer {random.choice(buyers)}"}
        yield request_bytes("GET", f"/api/products/{random.choice(products)}/", headers=headers)


def _orders(products: list[int], buyers: list[str]) -> Iterator[bytes]:
    while True:
        body = {
            "items": [{"product_id": random.choice(products), "quantity": 1}],
            "shipping_address": ADDRESS,
        }
        headers = {
            "Authorization": f"Bearer {random.choice(buyers)}",
            "Idempotency-Key": f"{random.getrandbits(96):x}",
        }
        yield request_bytes("POST", "/api/orders/", headers=headers, body=json.dumps(body).encode())


def _sink(port: int) -> Service:
    command = (sys.executable, "-m", "tools.observability.trace_receiver", "--port", str(port), "--discard")
    return Service(name="traces-sink", command=command, ready=http_ready(port, "/"), yields=True)


def _metrics_us(times: int = 20_000) -> float:
    """Time to record one request in the metrics of this process, microseconds."""
    began = time.perf_counter()
    for _ in range(times):
        observe_request(service="bench", method="GET", route="/bench", status=200, seconds=0.01)
    return (time.perf_counter() - began) / times * 1e6


if __name__ == "__main__":
    sys.exit(main())

"""``make bench-observability``: what tracing one request in ten costs, and what the metrics of a request cost.

Two gateways with two backends stand beside each other on the same datastores, one pair with traces and one without,
and are asked in turns of two seconds, so that whatever else the machine does hits both alike. Beside the rate stands
the processor time of gateway and backend for each request, which others who work on the machine change little; it
decides. The receiver of the traces throws them away: what it costs is not the shop's.
"""

import itertools
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from meshop_shared.metrics import observe_request
from tests.load.http_load import request_bytes, run_load
from tools import procfs
from tools.ports import LOOPBACK, pick_port
from tools.processes import ProcessTable, Record, Service
from tools.stack.commands import Stack
from tools.stack.config import StackConfig
from tools.stack.ready import http_ready
from tools.stack.services import backend, gateway
from tools.state import StateFolder

SHARE = "0.1"
SIDES = ("plain", "traced")
TURNS, SECONDS, CONNECTIONS, PRODUCTS, USERS = 12, 2.0, 16, 20, 16
ALLOWED = 0.05
ADDRESS = {
    "full_name": "Ada Lovelace", "line1": "1 Main Street", "city": "London", "postal_code": "N1 1AA", "country": "GB",
}  # fmt: skip
Requests = Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Compared:
    """Paired turns of one kind of request: rates, in requests a second, and processor time, in ms a request."""

    name: str
    rates: Mapping[str, Sequence[float]]
    cpu_ms: Mapping[str, Sequence[float]]

    @property
    def rate_cost(self) -> float:
        """Median share of the rate that tracing takes away, over the pairs."""
        pairs = zip(self.rates["plain"], self.rates["traced"], strict=True)
        return statistics.median(1 - traced / plain for plain, traced in pairs)

    @property
    def cpu_costs(self) -> tuple[float, float, float]:
        """Quartiles of what tracing adds to the processor time, as a share of it, over the pairs."""
        pairs = zip(self.cpu_ms["plain"], self.cpu_ms["traced"], strict=True)
        low, middle, high = statistics.quantiles((traced / plain - 1 for plain, traced in pairs), n=4)
        return low, middle, high

    def row(self) -> str:
        """For the table."""
        rates = [statistics.median(self.rates[side]) for side in SIDES]
        times = [statistics.median(self.cpu_ms[side]) for side in SIDES]
        low, middle, high = self.cpu_costs
        return (
            f"{self.name:14}{rates[0]:9.0f}{rates[1]:9.0f}{self.rate_cost:8.1%}"
            f"{times[0]:10.3f}{times[1]:10.3f}{middle:8.1%}  ({low:.1%} to {high:.1%})"
        )


@dataclass(frozen=True)
class Side:
    """One gateway and its backend."""

    url: str
    programs: tuple[Record, ...]

    def cpu_s(self) -> float:
        """Processor time that both have used since they began."""
        return sum(procfs.session_cpu_s(program.pid) for program in self.programs)


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
    sides = {
        "plain": _side(stack.config.url, stack.table, "gateway", "backend"),
        "traced": _side(config.url, table, "gateway-traced", "backend-traced"),
    }
    wrong = False
    print(
        f"\n{TURNS} pairs of {SECONDS:g} s, {SHARE} of requests traced: rate, and ms of processor a request"
    )
    print(f"{'':14}{'plain':>9}{'traced':>9}{'cost':>8}{'plain':>10}{'traced':>10}{'cost':>8}  (quartiles)")
    for name, requests in _kinds(stack.config.url).items():
        compared = _compare(name, requests, sides)
        print(compared.row(), flush=True)
        wrong |= compared.cpu_costs[1] > ALLOWED
    print(f"\nmetrics of a request: {_metrics_us():.1f} µs")
    return int(wrong)


def _side(url: str, table: ProcessTable, *names: str) -> Side:
    programs = [table.record(name) for name in names]
    return Side(url, tuple(program for program in programs if program))


def _compare(name: str, requests: Requests, sides: Mapping[str, Side]) -> Compared:
    rates: dict[str, list[float]] = {side: [] for side in sides}
    answered: dict[str, list[int]] = {side: [] for side in sides}
    # At the beginning of each turn, and at the end: what is sent after a turn belongs to it.
    used: dict[str, list[float]] = {side: [] for side in sides}
    for side in sides.values():
        run_load(side.url, requests(), connections=CONNECTIONS, seconds=SECONDS)  # warm up
    for turn in range(TURNS):
        for side in SIDES if turn % 2 else reversed(SIDES):
            used[side].append(sides[side].cpu_s())
            result = run_load(sides[side].url, requests(), connections=CONNECTIONS, seconds=SECONDS)
            if set(result.statuses) - {200, 201}:
                raise SystemExit(f"{name} was answered {dict(result.statuses)}")
            rates[side].append(result.rate)
            answered[side].append(len(result.latencies))
    for side, programs in sides.items():
        used[side].append(programs.cpu_s())
    cpu_ms = {
        side: [
            1000 * (after - before) / count
            for (before, after), count in zip(itertools.pairwise(used[side]), answered[side], strict=True)
        ]
        for side in sides
    }
    return Compared(name, rates, cpu_ms)


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

"""``make bench-gateway``: the gateway beside nginx and beside a textbook proxy, on one machine in alternating rounds.

Each proxy is one process. With two cores or more it has one for itself, and upstream and load share the others, so
what is compared is what a core can proxy. ``busy`` is the share of that core that was used: where it is well below 1,
the proxy waited for the load, and its figure per busy core is the honest one. Ratios are medians over the rounds.
"""

import json
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.load.http_load import request_bytes, run_load
from tests.load.limited_upstream import CAPACITY
from tests.load.open_load import OpenResult, run_open_load
from tests.load.proxies import (
    STREAM_BYTES,
    Measured,
    Running,
    limited_upstream,
    meshop_gateway,
    naive_proxy,
    nginx_proxy,
    static_upstream,
    tools_ensure,
    wrk,
)
from tests.support.gateway import make_signer, redis_server

ROUNDS = 5
#: A proxy of httpx gets slower the more connections there are; it is measured where it is fastest.
NAIVE_CONNECTIONS = 4
IDLE = 1_000
PATH = "/api/x"
LOADS = (0.8, 1.0, 3.0)


@dataclass
class Report:
    """Lines for people, and whether every figure that was asked for was reached."""

    missed: list[str] = field(default_factory=list)

    def asked(
        self, what: str, value: float, *, at_least: float | None = None, at_most: float | None = None
    ) -> None:
        """One asked figure."""
        good = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
        bound = f">= {at_least:g}" if at_least is not None else f"<= {at_most:g}"
        print(f"  {what:62}{value:10.2f}   asked {bound}{'' if good else '   MISSED'}", flush=True)
        if not good:
            self.missed.append(what)


def main() -> int:
    """Print the figures; 1 when one that was asked for is missed."""
    tools_ensure()
    report, signer = Report(), make_signer()
    with ExitStack() as stack:
        upstream = stack.enter_context(static_upstream(signer))
        redis = stack.enter_context(redis_server())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="meshop-bench-")))
        fields = (f"Authorization: Bearer {signer.sign(user_id=1, session_id='s', roles=(), token_id='t')}",)
        plain = stack.enter_context(meshop_gateway(upstream, rate_limit="off", access_log="off"))
        full = stack.enter_context(
            meshop_gateway(
                upstream,
                redis_url=redis.url,
                routes_file=str(routes_write(folder / "full.json", 1, guarded=True)),
            )
        )
        nginx = stack.enter_context(nginx_proxy(upstream))
        naive = stack.enter_context(naive_proxy(upstream))
        bench_throughput(report, nginx=nginx, plain=plain, full=full, naive=naive, fields=fields)
        bench_latency(report, upstream=upstream, nginx=nginx, plain=plain)
        bench_routes(report, upstream, folder)
        bench_memory(report, upstream)
    bench_overload(report)
    print(f"\n{len(report.missed)} of the asked figures were missed." if report.missed else "\nAll as asked.")
    return int(bool(report.missed))


def routes_write(file: Path, count: int, *, guarded: bool = False) -> Path:
    """A table with ``count`` routes; ``guarded`` ones verify tokens and count two limits in Redis."""
    limits = [{"per": per, "requests": 1_000_000_000, "seconds": 60} for per in ("client", "user")]
    more = {"auth": {"mode": "required"}, "limits": limits} if guarded else {}
    routes = [
        {"name": f"r{number}", "prefix": f"/api/v1/service-{number}/", "upstream": "backend", **more}
        for number in range(count - 1)
    ]
    everything_else = {"name": "api", "prefix": "/api/", "upstream": "backend", **more}
    file.write_text(json.dumps({"routes": [*routes, everything_else]}))
    return file


def rounds(measures: dict[str, Callable[[], Measured]]) -> dict[str, list[Measured]]:
    """Run all of them in turn, several times: what else happens on the machine then meets all alike."""
    found: dict[str, list[Measured]] = {name: [] for name in measures}
    for number in range(-1, ROUNDS):
        for name, measure in measures.items():
            measured = measure()
            if measured.failed:
                sys.exit(f"{name}: {measured.failed} requests failed")
            if number >= 0:  # the first round warms up
                found[name].append(measured)
    return found


def ratio(one: list[Measured], other: list[Measured]) -> float:
    """Median over the rounds."""
    return statistics.median(a.rate / b.rate for a, b in zip(one, other, strict=True))


def core_ratio(one: list[Measured], other: list[Measured]) -> float:
    """The same, of what each would do with the whole of its core."""
    pairs = zip(one, other, strict=True)
    return statistics.median(a.rate / a.busy / (b.rate / b.busy) for a, b in pairs)


def bench_throughput(
    report: Report, *, nginx: Running, plain: Running, full: Running, naive: Running, fields: tuple[str, ...]
) -> None:
    found = rounds(
        {
            "nginx, plain proxy": lambda: wrk(nginx, path=PATH),
            "gateway, plain proxy": lambda: wrk(plain, path=PATH),
            "gateway: log, token, two limits in Redis": lambda: wrk(full, path=PATH, fields=fields),
            "FastAPI + httpx, streaming": lambda: wrk(naive, path=PATH, connections=NAIVE_CONNECTIONS),
            "FastAPI + httpx, whole": lambda: wrk(naive, path="/whole" + PATH, connections=NAIVE_CONNECTIONS),
        }
    )
    title = f"1 KB of JSON, 64 connections (httpx: {NAIVE_CONNECTIONS})"
    print(f"\n{title:64}{'a second':>10}{'busy':>8}{'per core':>10}{'p50 ms':>9}")
    for name, all_rounds in found.items():
        rate, busy = (statistics.median(getattr(m, key) for m in all_rounds) for key in ("rate", "busy"))
        p50 = statistics.median(m.p50_ms for m in all_rounds)
        print(f"  {name:62}{rate:10.0f}{busy:8.2f}{rate / busy:10.0f}{p50:9.2f}")
    nginx_rounds, plain_rounds, full_rounds, *naive_rounds = found.values()
    report.asked("gateway / nginx, requests a second", ratio(plain_rounds, nginx_rounds), at_least=0.35)
    report.asked("gateway / nginx, per busy core", core_ratio(plain_rounds, nginx_rounds), at_least=0.35)
    better = max(naive_rounds, key=lambda some: statistics.median(m.rate for m in some))
    report.asked("gateway / FastAPI + httpx (the faster one)", ratio(plain_rounds, better), at_least=8)
    report.asked("gateway with everything on / FastAPI + httpx", ratio(full_rounds, better), at_least=8)


def bench_latency(report: Report, *, upstream: Running, nginx: Running, plain: Running) -> None:
    """One request at a time."""
    medians: dict[str, list[float]] = {"directly": [], "nginx": [], "gateway": []}
    for _ in range(ROUNDS):
        for name, target in zip(medians, (upstream, nginx, plain), strict=True):
            once = run_load(target.url, _same(PATH), connections=1, seconds=0.5)
            medians[name].append(once.percentile(0.5) * 1000)
    direct, *others = (statistics.median(some) for some in medians.values())
    print(
        f"\nAdded by a proxy at low load: p50 {direct:.3f} ms without, nginx adds {others[0] - direct:.3f} ms"
    )
    report.asked("added by the gateway, p50, ms", others[1] - direct, at_most=0.5)


def bench_routes(report: Report, upstream: Running, folder: Path) -> None:
    """Requests to the same ten routes in a small and in a large table, and to all routes of the large one in turn."""
    print("\nTen routes and a thousand")
    with ExitStack() as stack:
        small, large = (
            stack.enter_context(
                meshop_gateway(
                    upstream,
                    routes_file=str(routes_write(folder / f"{count}.json", count)),
                    rate_limit="off",
                    access_log="off",
                )
            )
            for count in (10, 1_000)
        )
        few, many = folder / "few.lua", folder / "many.lua"
        few.write_text(_SCRIPT.format(count=9))
        many.write_text(_SCRIPT.format(count=999))
        found = rounds(
            {
                "10": lambda: wrk(small, script=few),
                "1,000": lambda: wrk(large, script=few),
                "1,000, all used": lambda: wrk(large, script=many),
            }
        )
    ten, thousand, all_used = found.values()
    report.asked("time of a request with 1,000 routes / with 10", core_ratio(ten, thousand), at_most=1.1)
    print(f"  {'the same when all thousand are used in turn':62}{core_ratio(ten, all_used):10.2f}")


_SCRIPT = """
local requests, number = {{}}, 0
init = function(args)
  for i = 0, {count} - 1 do requests[i] = wrk.format("GET", "/api/v1/service-" .. i .. "/x") end
end
request = function() number = (number + 7) % {count}; return requests[number] end
"""


def bench_memory(report: Report, upstream: Running) -> None:
    """A long stream to a slow reader, and a crowd that is connected and silent."""
    print("\nMemory")
    with meshop_gateway(upstream, rate_limit="off", access_log="off") as target:
        wrk(target, seconds=1)
        _stream(target, most=2_000_000)
        before = target.process.memory_info().rss
        peak = _stream(target)
        report.asked("more memory while 100 MB pass, MB", (peak - before) / 1e6, at_most=5)
        before = target.process.memory_info().rss
        crowd = []
        for _ in range(IDLE):
            client = socket.create_connection(("127.0.0.1", int(target.netloc.rpartition(":")[2])), timeout=5)
            client.sendall(request_bytes("GET", PATH))
            client.recv(10_000)
            crowd.append(client)
        after = target.process.memory_info().rss
        for client in crowd:
            client.close()
        report.asked(
            "memory of an idle connection after a request, KB", (after - before) / IDLE / 1000, at_most=30
        )


def _stream(target: Running, most: int = STREAM_BYTES) -> int:
    """Read the stream more slowly than it could come; the largest memory seen."""
    peak = received = 0
    with socket.create_connection(("127.0.0.1", int(target.netloc.rpartition(":")[2])), timeout=20) as client:
        client.sendall(request_bytes("GET", "/api/stream"))
        while received < most:
            piece = client.recv(262_144)
            if not piece:
                sys.exit(f"the stream ended after {received} bytes")
            received += len(piece)
            peak = max(peak, target.process.memory_info().rss)
            time.sleep(0.0005)
    return peak


def bench_overload(report: Report) -> None:
    """Clients that come at their own pace, give up after two seconds, and want three times what the upstream can do."""
    print(f"\nAn upstream that can serve {CAPACITY:.0f} requests a second: answers in time, a second")
    print(f"  {'':46}" + "".join(f"{f'offered {load:g} x':>16}" for load in LOADS))
    kept = {}
    for name, start in (("gateway", _gateway_as_shipped), ("FastAPI + httpx", naive_proxy)):
        results = []
        for load in LOADS:
            with limited_upstream() as upstream, start(upstream) as target:
                results.append(run_open_load(target.url + PATH, rate=load * CAPACITY, seconds=4))
        print(f"  {name:46}" + "".join(f"{_cell(result):>16}" for result in results), flush=True)
        kept[name] = results[-1].goodput / max(result.goodput for result in results)
    print(f"  goodput of FastAPI + httpx at 3 x capacity / its peak: {kept['FastAPI + httpx']:.2f}")
    report.asked("goodput of the gateway at 3 x capacity / its peak", kept["gateway"], at_least=0.8)


def _gateway_as_shipped(upstream: Running) -> AbstractContextManager[Running]:
    return meshop_gateway(upstream, rate_limit="off")


def _cell(result: OpenResult) -> str:
    return f"{result.goodput:.0f} ({result.p95_ms:.0f} ms)"


def _same(path: str) -> Iterator[bytes]:
    request = request_bytes("GET", path)
    while True:
        yield request


if __name__ == "__main__":
    sys.exit(main())

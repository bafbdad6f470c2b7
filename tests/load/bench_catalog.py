"""``make bench-catalog``: does listing cost the same at 100,000 products as at 10,000, and page 1,000 what page 1 does?

Every request is new to the caches of answers; how long each list is, the warm-up has asked. Searching ranks every
match, and ten times the products have ten times as many, so it stands below the lists. Prints p95 and ratios.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain

import httpx

from tools.paths import BACKEND

SIZES = (10_000, 100_000)
ROUNDS = 150
PAGES = 1_000
QUERIES = (
    "page_size=20",
    "page_size=20&ordering=price",
    "page_size=20&ordering=-price",
    "page_size=20&ordering=name",
    "page_size=20&ordering=rating",
    "page_size=20&in_stock=true",
    "page_size=20&min_price=10&max_price=20",
    "page_size=20&category={category}",
)
SEARCH = "page_size=20&search=cotton"
WARM_UP = 10
LIST_LIMIT, CURSOR_LIMIT = 1.3, 1.2


def main() -> int:
    """Print both comparisons; exit with 1 when a list does not answer 200."""
    lists: dict[int, dict[str, list[float]]] = {}
    with httpx.Client(base_url=os.environ["MESHOP_URL"], timeout=60) as client:
        for size in SIZES:
            _grow(size)
            lists[size] = _time_lists(client)
        walk = _walk(client)
    small, large = (lists[size] for size in SIZES)
    print(f"\n{'list, p95 in ms':46}{SIZES[0]:>9,}{SIZES[1]:>9,}{'ratio':>8}")
    for query in QUERIES:
        _row(query, small[query], large[query])
    _row("all lists", *(list(chain(*(times[query] for query in QUERIES))) for times in (small, large)))
    print(f"  asked: at most {LIST_LIMIT} ×\n")
    _row(SEARCH, small[SEARCH], large[SEARCH])
    first, last = _quantile(walk[:50], 0.5), _quantile(walk[-50:], 0.5)
    print(
        f"cursor, median in ms: pages 1-50 {first:.1f}, pages {PAGES - 49}-{PAGES} {last:.1f}, {last / first:.2f} ×"
    )
    print(f"  asked: at most {CURSOR_LIMIT} ×")
    return 0


def _row(name: str, small: list[float], large: list[float]) -> None:
    before, after = _quantile(small, 0.95), _quantile(large, 0.95)
    print(f"{name:46}{before:9.1f}{after:9.1f}{after / before:7.2f} ×")


def _grow(size: int) -> None:
    grow = [sys.executable, "manage.py", "demo_catalog", "--products", str(size), "--seed", "1"]
    subprocess.run(grow, cwd=BACKEND, check=True, stdout=subprocess.DEVNULL)
    time.sleep(3)  # let the server write out what was loaded


def _time_lists(client: httpx.Client) -> dict[str, list[float]]:
    categories = client.get("/api/products/categories/", params={"page_size": 50}).raise_for_status().json()
    slugs = [category["slug"] for category in categories["results"]][:WARM_UP]
    times: dict[str, list[float]] = {query: [] for query in (*QUERIES, SEARCH)}
    for round_number in range(-WARM_UP, ROUNDS):
        for query in times:
            path = query.format(category=slugs[round_number % len(slugs)])
            taken = _timed(client, f"/api/products/?{path}&round={round_number}{time.monotonic_ns()}")[0]
            if round_number >= 0:
                times[query].append(taken)
    return times


def _walk(client: httpx.Client) -> list[float]:
    return list(_pages(client))


def _pages(client: httpx.Client) -> Iterator[float]:
    path: str | None = f"/api/products/?cursor=&page_size=20&round={time.monotonic_ns()}"
    for _ in range(PAGES):
        assert path is not None, "The catalogue is smaller than the walk."
        taken, body = _timed(client, path)
        yield taken
        path = body["next"]


def _timed(client: httpx.Client, path: str) -> tuple[float, dict]:
    started = time.perf_counter()
    answer = client.get(path)
    taken = (time.perf_counter() - started) * 1000
    return taken, answer.raise_for_status().json()


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)]


if __name__ == "__main__":
    sys.exit(main())

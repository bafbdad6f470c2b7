# ruff: noqa: E402 - Django must be set up before its models are imported
"""``make bench-search``: what does the shop add to a query of Elasticsearch, and does search stay quick as it grows?

Each text is asked three times, one after the other and in changing order: the very body that the shop sends, straight
to Elasticsearch; ``GET /api/products/?search=`` through gateway, backend and PostgreSQL, by words alone; and the same
with meaning, where the service runs. Texts are two words of a product's name, new each time. At each of ``SIZES``
products (``SIZES=10000,1000000`` for the large comparison). Prints medians, p95 and ratios.
"""

import logging
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import django

django.setup()

import httpx
import orjson
from django.conf import settings

from apps.core.api.pagination import DEFAULT_PAGE_SIZE, PageAsked
from apps.products.filters import ProductFilterSet
from apps.products.models import Product
from apps.products.search.port import SearchAsked
from apps.search.elastic.client import ALIAS, elastic_client
from apps.search.elastic.engine import ElasticProductSearch
from apps.search.selectors import QueryRules
from tools.paths import BACKEND

SIZES = [int(size) for size in os.environ.get("SIZES", "10000,100000").split(",")]
ROUNDS = int(os.environ.get("ROUNDS", "400"))
WARM_UP = 60
OVERHEAD_LIMIT, GROWTH_LIMIT, MEANING_LIMIT = 1.3, 1.5, 2.0
JSON = {"Content-Type": "application/json"}


def main() -> int:
    """Print a line for each size, and how much the largest costs beside the smallest."""
    print(
        f"{'products':>10}{'raw p50':>10}{'raw p95':>10}{'shop p50':>10}{'shop p95':>10}{'p95 ratio':>11}  ms"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
    shop_p95 = {}
    for size in SIZES:
        _grow(size)
        raw, shop, meant, late = _time(size)
        shop_p95[size] = _p95(shop)
        print(
            f"{size:10,}{statistics.median(raw):10.1f}{_p95(raw):10.1f}{statistics.median(shop):10.1f}"
            f"{_p95(shop):10.1f}{_p95(shop) / _p95(raw):10.2f}×",
            flush=True,
        )
        print(
            f"{'with meaning':>30}{statistics.median(meant):10.1f}{_p95(meant):10.1f}{_p95(meant) / _p95(shop):10.2f}×"
            f" of the shop's words alone; {late:.1%} of them by words for lateness",
            flush=True,
        )
    growth = shop_p95[SIZES[-1]] / shop_p95[SIZES[0]]
    print(
        f"asked: p95 by words at most {OVERHEAD_LIMIT} × the raw one, with meaning {MEANING_LIMIT} × that by words"
    )
    print(
        f"growth of the shop's p95: {growth:.2f} × (asked from 10,000 to 1,000,000: at most {GROWTH_LIMIT} ×)"
    )
    return 0


def _grow(size: int) -> None:
    for command in (["demo_catalog", "--products", str(size), "--seed", "1"], ["catalog_reindex"]):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=BACKEND, check=True, stdout=subprocess.DEVNULL
        )
    elastic_client().options(request_timeout=600).indices.forcemerge(index=ALIAS, max_num_segments=1)


def _time(size: int) -> tuple[list[float], list[float], list[float], float]:
    engine = ElasticProductSearch(elastic_client(), timeout_s=settings.MESHOP.search_timeout_s)
    raw: list[float] = []
    shop: list[float] = []
    meant: list[float] = []
    late = 0
    with (
        httpx.Client(base_url=settings.MESHOP.elasticsearch_url, timeout=60) as elastic,
        httpx.Client(base_url=os.environ["MESHOP_URL"], timeout=60) as front,
    ):
        _wait_for_meaning()
        for number, text in enumerate(_texts(size, ROUNDS + WARM_UP)):
            body = orjson.dumps(engine.body(_asked(text), QueryRules()))
            ways: list[tuple[list[float], Callable[[], httpx.Response]]] = [
                (raw, lambda body=body: elastic.post(f"/{ALIAS}/_search", content=body, headers=JSON)),
                (
                    shop,
                    lambda text=text: front.get("/api/products/", params={"search": text, "mode": "lexical"}),
                ),
                (meant, lambda text=text: front.get("/api/products/", params={"search": text})),
            ]
            first = number % len(ways)
            for times, ask in ways[first:] + ways[:first]:
                taken, mode = _timed(ask)
                if number >= WARM_UP:
                    times.append(taken)
                    late += times is meant and mode == "lexical"
    return raw, shop, meant, late / ROUNDS


def _wait_for_meaning() -> None:
    """Until the service knows every product that is shown."""
    shown = Product.objects.filter(is_active=True).count()
    metrics = f"{settings.MESHOP.ai_urls['semantic_search']}/metrics"
    deadline = time.monotonic() + 600
    while f"meshop_semantic_products {float(shown)}" not in httpx.get(metrics, timeout=60).text:
        if time.monotonic() > deadline:
            raise SystemExit("semantic_search does not know the catalogue: this would compare nothing.")
        time.sleep(1)


def _asked(text: str) -> SearchAsked:
    filters = ProductFilterSet({})
    filters.validate()
    return SearchAsked(text=text, filters=filters, ordering="relevance", page=PageAsked(DEFAULT_PAGE_SIZE))


def _texts(size: int, number: int) -> list[str]:
    chance = random.Random(size)
    ids = chance.sample(list(Product.objects.values_list("pk", flat=True)), number)
    names = Product.objects.in_bulk(ids)
    texts = []
    for pk in ids:
        words = names[pk].name.split()
        texts.append(
            " ".join(words[at] for at in sorted(chance.sample(range(len(words)), min(2, len(words)))))
        )
    return texts


def _timed(ask: Callable[[], httpx.Response]) -> tuple[float, str]:
    started = time.perf_counter()
    answer = ask()
    taken = (time.perf_counter() - started) * 1000
    answer.raise_for_status()
    if answer.headers.get("x-search-source", "elasticsearch") != "elasticsearch":
        raise SystemExit("PostgreSQL answered: this would compare nothing.")
    return taken, answer.headers.get("x-search-mode", "")


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


if __name__ == "__main__":
    sys.exit(main())

"""``make bench-store``: list, detail, basket and checkout at 10,000 products, beside what two other shops reached.

The peers were measured on a machine like this one, two workers and PostgreSQL on two cores with the load generator:
django-oscar 4.2 with its API, and Vendure 3.7. Rates are requests (orders) a second, commits durable.
"""

import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator

import httpx

from tests.load.http_load import LoadResult, request_bytes, run_load
from tools.paths import BACKEND

PEERS = {"list": (273.0, 12.8), "detail": (120.0, 124.0), "cart add": (49.0, 24.0), "order": (35.5, 4.0)}
ASKED = 5.0
PRODUCTS, USERS, CONNECTIONS, SECONDS = 10_000, 16, 16, 8.0
ADDRESS = {
    "full_name": "Ada Lovelace",
    "line1": "1 Main Street",
    "city": "London",
    "postal_code": "N1 1AA",
    "country": "GB",
}


def main() -> int:
    """Print one line per operation; exit with 1 when an answer was wrong."""
    url = os.environ["MESHOP_URL"]
    grow = [sys.executable, "manage.py", "demo_catalog", "--products", str(PRODUCTS), "--seed", "1"]
    subprocess.run(grow, cwd=BACKEND, check=True, stdout=subprocess.DEVNULL)
    with httpx.Client(base_url=url, timeout=30) as client:
        admin = _sign_in(client, os.environ["MESHOP_ADMIN_EMAIL"], os.environ["MESHOP_ADMIN_PASSWORD"])
        products = [_product(client, admin, number, stock=1_000_000) for number in range(20)]
        users = [_register(client, f"bench{random.randrange(10**12)}@example.com") for _ in range(USERS)]
        last = _product(client, admin, 99, stock=1)
        listed = client.get("/api/products/", params={"page_size": 100}).json()["results"]
    ids = [product["id"] for product in listed]
    results = {
        "list": _load(url, _lists()),
        "list, uncached": _load(url, _uncached_lists()),
        "detail": _load(url, _details(ids)),
        "cart add": _load(url, _cart_adds(users, products)),
        "order": _load(url, _orders(users, products)),
    }
    sold = run_load(url, itertools.islice(_orders(users, [last]), 500), connections=50, seconds=60)
    print(f"\n{'':16}{'a second':>10}{'p50 ms':>9}{'p95 ms':>9}{'better peer':>13}{'ratio':>8}")
    wrong = False
    for name, result in results.items():
        wrong |= _print(name, result)
    print(
        f"\nlast unit: sold {sold.statuses[201]} times to 500 buyers, {sold.statuses[409]} were told it is gone"
    )
    return int(wrong or sold.statuses != {201: 1, 409: 499})


def _print(name: str, result: LoadResult) -> bool:
    better = max(PEERS.get(name, (0.0,)))
    ratio = f"{result.rate / better:.1f} ×" if better else ""
    peer = f"{better:g}" if better else ""
    p50, p95 = result.percentile(0.5) * 1000, result.percentile(0.95) * 1000
    print(f"{name:16}{result.rate:10.0f}{p50:9.1f}{p95:9.1f}{peer:>13}{ratio:>8}")
    bad = {status: count for status, count in result.statuses.items() if status not in (200, 201)}
    if bad:
        print(f"  unexpected answers: {bad}")
    return bool(bad)


def _load(url: str, requests: Iterator[bytes]) -> LoadResult:
    run_load(url, requests, connections=CONNECTIONS, seconds=1.0)  # warm up
    return run_load(url, requests, connections=CONNECTIONS, seconds=SECONDS)


def _sign_in(client: httpx.Client, email: str, password: str) -> str:
    return str(client.post("/api/auth/login/", json={"email": email, "password": password}).json()["access"])


def _register(client: httpx.Client, email: str) -> str:
    answer = client.post("/api/auth/register/", json={"email": email, "password": "correct horse battery"})
    return str(answer.raise_for_status().json()["access"])


def _product(client: httpx.Client, token: str, number: int, *, stock: int) -> int:
    answer = client.post(
        "/api/products/",
        json={
            "sku": f"BENCH-{number}-{random.randrange(10**9)}",
            "name": f"Bench product {number}",
            "price": "9.99",
            "stock": stock,
        },
        headers={"Authorization": f"Bearer {token}"},
    )
    return int(answer.raise_for_status().json()["id"])


def _lists() -> Iterator[bytes]:
    pages = [request_bytes("GET", f"/api/products/?page={page}") for page in range(1, 51)]
    while True:
        yield random.choice(pages)


def _uncached_lists() -> Iterator[bytes]:
    """Each asks for something nobody asked for before."""
    for low in itertools.count():
        yield request_bytes("GET", f"/api/products/?min_price=0.{low % 100:02d}&page={low % 211 + 1}&x={low}")


def _details(ids: list[int]) -> Iterator[bytes]:
    requests = [request_bytes("GET", f"/api/products/{pk}/") for pk in ids]
    while True:
        yield random.choice(requests)


def _posts(users: list[str], path: str, bodies: list[bytes]) -> Iterator[bytes]:
    headers = itertools.cycle([{"Authorization": f"Bearer {token}"} for token in users])
    while True:
        yield request_bytes("POST", path, headers=next(headers), body=random.choice(bodies))


def _cart_adds(users: list[str], products: list[int]) -> Iterator[bytes]:
    bodies = [json.dumps({"product_id": pk, "quantity": 1}).encode() for pk in products]
    return _posts(users, "/api/orders/cart/add/", bodies)


def _orders(users: list[str], products: list[int]) -> Iterator[bytes]:
    bodies = [
        json.dumps({"items": [{"product_id": pk, "quantity": 1}], "shipping_address": ADDRESS}).encode()
        for pk in products
    ]
    return _posts(users, "/api/orders/", bodies)


if __name__ == "__main__":
    sys.exit(main())

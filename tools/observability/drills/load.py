"""Customers who come while a drill goes on: they look around, order, and pay."""

import itertools
import secrets
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Any

import httpx

_ADDRESS = {
    "full_name": "Ada Drill", "line1": "1 Main Street", "city": "London", "postal_code": "N1 1AA", "country": "GB",
}  # fmt: skip
_PAGES = {"success_url": "https://example.com/yes", "cancel_url": "https://example.com/no"}
_PAUSE_S, _PATIENCE_S = 0.1, 10.0


class Customers:
    """Threads that shop until the block ends. ``mark`` begins a new count."""

    def __init__(self, url: str, *, people: int = 3) -> None:
        self._url, self._people = url, people
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads: list[threading.Thread] = []
        self.card = ""
        self.answers: Counter[str] = Counter()

    def __enter__(self) -> "Customers":
        self._threads = [threading.Thread(target=self._shop) for _ in range(self._people)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def mark(self) -> None:
        """Forget what was answered so far."""
        with self._lock:
            self.answers.clear()

    @property
    def served(self) -> float:
        """Share of requests that were answered without a server error; 1 if there were none."""
        with self._lock:
            total = sum(self.answers.values())
            return self.answers["served"] / total if total else 1.0

    @property
    def asked(self) -> int:
        """Requests since the mark."""
        with self._lock:
            return sum(self.answers.values())

    def _shop(self) -> None:
        with httpx.Client(base_url=self._url, timeout=_PATIENCE_S) as client:
            token = ""
            for turn in itertools.count():
                if self._stop.is_set():
                    return
                if not token:
                    token = self._register(client)
                me = {"Authorization": f"Bearer {token}"}
                page = self._ask(
                    client, "GET", f"/api/products/?in_stock=true&page={turn % 5 + 1}", headers=me
                )
                products = page.get("results") or []
                if products and token:
                    product = products[turn % len(products)]
                    self._ask(client, "GET", f"/api/products/{product['id']}/", headers=me)
                    self._ask(client, "GET", "/api/recommendations/", headers=me)
                    self._buy(client, me, product)
                time.sleep(_PAUSE_S)

    def _register(self, client: httpx.Client) -> str:
        body = {"email": f"drill-{secrets.token_hex(8)}@example.com", "password": secrets.token_urlsafe(24)}
        return str(self._ask(client, "POST", "/api/auth/register/", json=body).get("access", ""))

    def _buy(self, client: httpx.Client, me: dict[str, str], product: dict[str, Any]) -> None:
        line: dict[str, Any] = {"product_id": product["id"], "quantity": 1}
        if product.get("variants"):
            line["variant_id"] = product["variants"][0]["id"]
        order = self._post(client, me, "/api/orders/", {"items": [line], "shipping_address": _ADDRESS})
        if self.card and "id" in order:
            session = self._post(
                client, me, "/api/payments/create-checkout-session/", {**_PAGES, "order_id": order["id"]}
            )
            if "url" in session:
                path = "/api/" + session["url"].partition("/api/")[2]
                self._ask(client, "POST", path, json={"card": self.card})

    def _post(
        self, client: httpx.Client, me: dict[str, str], path: str, body: dict[str, Any]
    ) -> dict[str, Any]:
        return self._ask(
            client, "POST", path, json=body, headers={**me, "Idempotency-Key": secrets.token_hex(12)}
        )

    def _ask(self, client: httpx.Client, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The body of a good answer, else nothing; refusals (4xx) are answers, too."""
        try:
            answer = client.request(method, path, **options)
        except httpx.HTTPError:
            self._count("failed")
            return {}
        self._count("failed" if answer.status_code >= 500 else "served")
        if answer.status_code >= 400 or not answer.content:
            return {}
        body = answer.json()
        return body if isinstance(body, dict) else {}

    def _count(self, what: str) -> None:
        with self._lock:
            self.answers[what] += 1

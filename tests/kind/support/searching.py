"""Who searches and who writes while an index is rebuilt, and what the index holds afterwards."""

import json
import subprocess
import time
from collections import Counter
from contextlib import closing
from typing import Any

import httpx

from tests.e2e.support.people import Person, Staff
from tests.kind.support.load import Crowd
from tests.kind.support.probes import until
from tools.kind import release
from tools.kind.config import NAMESPACE, URL
from tools.kind.shell import environment, kubectl

ALIAS = "products"
#: Newer than anything that the shop will write.
FOREVER = 9_000_000_000_000_000_000


class Searchers(Crowd):
    """They look for things that are on sale, by name, and find them; one that is not found has failed, too."""

    def __init__(self, count: int, products: list[Any]) -> None:
        super().__init__(count)
        self._products = products
        #: Answers by who gave them: Elasticsearch or PostgreSQL.
        self.sources: Counter[str] = Counter()

    def _live(self, number: int) -> None:
        with closing(Person(URL)) as person:
            person.register()  # answers to somebody known are nobody else's, so they come from the backend
            turn = number
            while not self._stop.wait(0.02):
                turn += 1
                self._search(person, self._products[turn % len(self._products)], page_size=20 + turn % 50)

    def _search(self, person: Person, product: Any, page_size: int) -> None:
        try:
            answer = person.get("products/", search=product["name"], page_size=page_size)
        except httpx.HTTPError as error:
            self.count(type(error).__name__)
            return
        is_found = answer.is_success and product["id"] in {hit["id"] for hit in answer.json()["results"]}
        self.count("missing" if answer.is_success and not is_found else str(answer.status_code))
        with self._lock:
            self.sources[answer.headers.get("x-search-source", "")] += 1


class Writers(Crowd):
    """Staff who change prices and put new things on sale."""

    def __init__(self, products: list[Any]) -> None:
        super().__init__(1)
        self._products = products

    def _live(self, number: int) -> None:
        with closing(Staff(URL)) as staff:
            staff.login(*release.administrator())
            turn = 0
            while not self._stop.wait(0.1):
                turn += 1
                staff.stay_signed_in()
                price = f"{10 + turn % 80}.00"
                product = self._products[turn % len(self._products)]
                try:
                    answer = staff.patch(f"products/{product['id']}/", {"price": price})
                    if turn % 10 == 0:
                        staff.add_product(price=price)
                except (httpx.HTTPError, AssertionError) as error:
                    self.count(type(error).__name__)
                else:
                    self.count(str(answer.status_code))


def elasticsearch(method: str, path: str) -> Any:
    """Ask the node itself, past the shop."""
    command = ("curl", "-sS", "-X", method, f"http://127.0.0.1:9200/{path}")
    own = ("--namespace", NAMESPACE, "--container", "elasticsearch", "elasticsearch-0")
    return json.loads(kubectl("exec", *own, "--", *command))


def searched() -> str:
    """The generation that the alias points to; empty when nothing is searched."""
    found = elasticsearch("GET", f"_alias/{ALIAS}")
    return "" if "error" in found else next(iter(found)).removeprefix(f"{ALIAS}-")


def poison(generation: str, product_id: int) -> None:
    """Have an index that is being built refuse a product for minutes: it knows of a later deletion."""
    until(lambda: f"{ALIAS}-{generation}" in elasticsearch("GET", "_all/_alias"), 120, f"index {generation}")
    answer = elasticsearch(
        "DELETE", f"{ALIAS}-{generation}/_doc/{product_id}?version={FOREVER}&version_type=external"
    )
    assert answer.get("_version") == FOREVER, answer


def audit() -> dict[str, Any]:
    """Every product compared with the index that is searched, once nothing waits to be written."""
    deadline = time.monotonic() + 240
    while True:
        done = subprocess.run(
            ["kubectl", "exec", "--namespace", NAMESPACE, "deployment/worker-index", "--", "python", "manage.py",
             "index_audit", "--all"],
            env=environment(), text=True, capture_output=True, timeout=300, check=False,
        )  # fmt: skip
        lines = [line for line in done.stdout.splitlines() if line.startswith('{"generation"')]
        assert lines, done.stdout + done.stderr
        report: dict[str, Any] = json.loads(lines[-1])
        if not report["waiting"] or time.monotonic() > deadline:
            return report


def drift(report: dict[str, Any]) -> tuple[int, int, int, int]:
    """Products that the index lacks, has in an older state, has too many, and that wait to be written."""
    return report["missing"], report["outdated"], report["surplus"], report["waiting"]

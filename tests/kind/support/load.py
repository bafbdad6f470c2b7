"""Steady visitors and buyers at the ingress, who write down everything that went wrong."""

import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.e2e.support.people import Person
from tests.e2e.support.things import ADDRESS
from tools.kind.config import URL

CARD = "4242424242424242"
PAGES = {"success_url": "https://example.com/yes", "cancel_url": "https://example.com/no"}


class Crowd(ABC):
    """``count`` people who do the same again and again until told to go."""

    def __init__(self, count: int) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._live, args=(number,)) for number in range(count)]
        #: Answers by status, and failed attempts by the name of their error.
        self.statuses: Counter[str] = Counter()

    def __enter__(self) -> Any:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=120)

    @property
    def failures(self) -> dict[str, int]:
        """Everything but answers with 2xx."""
        return {status: count for status, count in self.statuses.items() if not status.startswith("2")}

    def count(self, status: str) -> None:
        """Note one attempt."""
        with self._lock:
            self.statuses[status] += 1

    @abstractmethod
    def _live(self, number: int) -> None:
        """What one of them does until ``_stop`` is set."""


class Visitors(Crowd):
    """They ask for pages of the catalogue, one after the other."""

    def __init__(self, count: int, pause_s: float = 0.0, path: str = "/api/products/?page_size=5") -> None:
        super().__init__(count)
        self._path, self._pause_s = path, pause_s

    def _live(self, number: int) -> None:
        with httpx.Client(base_url=URL, timeout=30) as http:
            turn = 0
            while not self._stop.is_set():
                turn += 1
                # A search that nobody has asked before, so that the answer comes from the backend.
                try:
                    answer = http.get(f"{self._path}&search=lamp{number}x{turn}")
                except httpx.HTTPError as error:
                    self.count(type(error).__name__)
                else:
                    self.count(str(answer.status_code))
                self._stop.wait(self._pause_s)


class Buyers(Crowd):
    """They order and pay. ``patient`` ones repeat what failed under the same key, as a good client does."""

    def __init__(
        self, count: int, products: list[Any], *, pause_s: float = 0.2, patient: bool = False
    ) -> None:
        super().__init__(count)
        self._products, self._pause_s, self._patient = products, pause_s, patient
        #: Orders whose payment was confirmed, by the person who can see them.
        self.paid: dict[Person, list[int]] = {}

    def _live(self, number: int) -> None:
        with closing(Person(URL)) as person:
            person.register()
            orders = self.paid[person] = []
            turn = number
            while not self._stop.is_set():
                turn += 1
                order = self._buy(person, self._products[turn % len(self._products)])
                if order:
                    orders.append(order)
                self._stop.wait(self._pause_s)

    def _buy(self, person: Person, product: Any) -> int:
        """The id of an order that was paid; 0 when something failed."""
        body = {"items": [{"product_id": product["id"], "quantity": 1}], "shipping_address": ADDRESS}
        order = self._post(person, "orders/", body)
        if not order:
            return 0
        session = self._post(person, "payments/create-checkout-session/", {**PAGES, "order_id": order["id"]})
        if not session:
            return 0
        page = urlsplit(session["url"]).path.removeprefix("/api/")
        return order["id"] if self._post(person, page, {"card": CARD}) else 0

    def _post(self, person: Person, path: str, body: Any) -> Any:
        key = uuid.uuid4().hex
        deadline = time.monotonic() + (120 if self._patient else 0)
        while True:
            try:
                answer = person.post(path, body, key=key)
            except httpx.HTTPError as error:
                status, result = type(error).__name__, None
            else:
                status, result = str(answer.status_code), answer.json() if answer.is_success else None
            self.count(status)
            if result is not None or time.monotonic() > deadline or self._stop.wait(0.5):
                return result

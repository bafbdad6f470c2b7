"""Steady visitors at the ingress, who write down everything that went wrong."""

import threading
import time
from collections import Counter

import httpx

from tools.kind.config import URL


class Visitors:
    """``count`` people who ask for pages of the catalogue, one request after another, until told to go."""

    def __init__(self, count: int, pause_s: float = 0.0, path: str = "/api/products/?page_size=5") -> None:
        self._path, self._pause_s = path, pause_s
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._visit, args=(number,)) for number in range(count)]
        self.statuses: Counter[str] = Counter()

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=60)

    @property
    def failures(self) -> dict[str, int]:
        return {status: count for status, count in self.statuses.items() if status != "200"}

    def _visit(self, number: int) -> None:
        with httpx.Client(base_url=URL, timeout=30) as http:
            turn = 0
            while not self._stop.is_set():
                turn += 1
                # A search that nobody has asked before, so that the answer comes from the backend.
                try:
                    status = str(http.get(f"{self._path}&search=lamp{number}x{turn}").status_code)
                except httpx.HTTPError as error:
                    status = type(error).__name__
                with self._lock:
                    self.statuses[status] += 1
                if self._pause_s:
                    time.sleep(self._pause_s)

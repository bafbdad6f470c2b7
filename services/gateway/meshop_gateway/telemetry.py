"""What a request leaves behind: one log line, and rate, errors and duration by route template."""

import sys
import time
from bisect import bisect_left
from datetime import UTC, datetime
from typing import TextIO

from prometheus_client import Counter, Gauge, Histogram

from meshop_shared.metrics import BUCKETS, HTTP_IN_FLIGHT, HTTP_REQUESTS, HTTP_SECONDS, method_label

SERVICE = "gateway"
SHED = Counter("meshop_gateway_shed_total", "Requests refused because their route was busy.", ["route"])
RETRIES = Counter("meshop_gateway_retries_total", "Second and later attempts.", ["upstream"])
HEDGES = Counter("meshop_gateway_hedges_total", "Second attempts beside a slow first one.", ["upstream"])
FALLBACKS = Counter(
    "meshop_gateway_fallbacks_total", "Requests sent to the fallback of their route.", ["route"]
)
BREAKER_CHANGES = Counter(
    "meshop_gateway_breaker_changes_total", "Changes of a breaker, by what it became.", ["upstream", "state"]
)
LIMITED = Counter("meshop_gateway_rate_limited_total", "Requests over a limit.", ["route"])
CACHED = Counter("meshop_gateway_cache_total", "Cacheable requests by outcome.", ["route", "outcome"])
RELOADS = Counter("meshop_gateway_route_reloads_total", "Route tables read again.", ["outcome"])
PLACES = Gauge(
    "meshop_gateway_concurrency_limit",
    "Requests that a route may have in progress.",
    ["route"],
    multiprocess_mode="livesum",
)
REDIS_UP = Gauge("meshop_gateway_redis_up", "1 while Redis answers.", multiprocess_mode="livemin")
LAG = Histogram(
    "meshop_gateway_loop_lag_seconds",
    "Delay of the event loop.",
    buckets=(0.001, 0.005, 0.02, 0.05, 0.1, 0.5, 1.0),
)
_FLUSH_LINES = 256
_BOUNDS = (*BUCKETS, float("inf"))


class Tally:
    """Requests of one route, method and status since the last flush.

    A histogram of prometheus-client takes a lock, and with several workers a write to shared memory, for each of three
    numbers. Counting here and adding up a few times a second costs a tenth of that.
    """

    __slots__ = ("_counter", "_histogram", "buckets", "count", "seconds")

    def __init__(self, *, method: str, route: str, status: int) -> None:
        self._counter = HTTP_REQUESTS.labels(SERVICE, method, route, str(status))
        self._histogram = HTTP_SECONDS.labels(SERVICE, method, route)
        self.count, self.seconds = 0, 0.0
        self.buckets = [0] * len(_BOUNDS)

    def flush(self) -> None:
        """Add to the metrics what was counted."""
        self._counter.inc(self.count)
        self._histogram._sum.inc(self.seconds)  # the public interface takes one observation at a time
        for number, count in enumerate(self.buckets):
            if count:
                self._histogram._buckets[number].inc(count)
                self.buckets[number] = 0
        self.count, self.seconds = 0, 0.0


class Telemetry:
    """Records requests. Log lines and metrics are written a few times a second, so that no request waits for them."""

    def __init__(self, *, access_log: bool, out: TextIO = sys.stdout) -> None:
        self._lines: list[str] | None = [] if access_log else None
        self._out = out
        self._tallies: dict[tuple[str, str, int], Tally] = {}
        self._in_flight = HTTP_IN_FLIGHT.labels(SERVICE)
        self._second, self._stamp = 0, ""

    def record(
        self,
        *,
        method: str,
        route: str,
        status: int,
        seconds: float,
        request_id: bytes,
        trace_id: bytes,
        note: str,
    ) -> None:
        """One request is over. ``route`` is a template and ``note`` one of a few words, so labels stay bounded."""
        method = method_label(method)
        key = (route, method, status)
        tally = self._tallies.get(key)
        if tally is None:
            tally = self._tallies[key] = Tally(method=method, route=route, status=status)
        tally.count += 1
        tally.seconds += seconds
        tally.buckets[bisect_left(_BOUNDS, seconds)] += 1
        lines = self._lines
        if lines is not None:
            # Every value is from a closed set of characters, so nothing needs escaping.
            lines.append(
                f'{{"event":"request","level":"info","logger":"meshop_gateway","timestamp":"{self._now()}",'
                f'"service":"gateway","method":"{method}","route":"{route}","status":{status},'
                f'"ms":{seconds * 1000:.1f},"note":"{note}","request_id":"{request_id.decode()}",'
                f'"trace_id":"{trace_id.decode()}"}}\n'
            )
            if len(lines) >= _FLUSH_LINES:
                self._write()

    def flush(self, _now: float = 0.0) -> None:
        """Write what has gathered."""
        for tally in self._tallies.values():
            if tally.count:
                tally.flush()
        self._write()

    def _write(self) -> None:
        if self._lines:
            text = "".join(self._lines)
            self._lines.clear()
            self._out.write(text)
            self._out.flush()

    def in_flight(self, count: int) -> None:
        """How many requests are in progress now."""
        self._in_flight.set(count)

    def _now(self) -> str:
        now = time.time()
        if int(now) != self._second:
            self._second = int(now)
            self._stamp = datetime.fromtimestamp(self._second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._stamp}.{int(now % 1 * 1000):03d}Z"

"""One service behind the gateway: its pooled connections, its breaker and its retry budget."""

import asyncio
import ssl
from collections import deque
from urllib.parse import urlsplit

from meshop_gateway.budget import RetryBudget
from meshop_gateway.routes import UpstreamSpec
from meshop_gateway.telemetry import BREAKER_CHANGES
from meshop_gateway.upstream_conn import UpstreamConnection, UpstreamFailure
from meshop_shared.metrics import BREAKER_OPEN
from meshop_shared.resilience import BreakerState, CircuitBreaker

_IDLE_S = 15.0


class Upstream:
    """Hands out connections, the most recently used first, and never more than ``max_connections``."""

    def __init__(self, name: str, spec: UpstreamSpec, loop: asyncio.AbstractEventLoop) -> None:
        self.name, self.spec, self.loop = name, spec, loop
        url = urlsplit(spec.url)
        self._host, self._tls = (
            url.hostname or "",
            ssl.create_default_context() if url.scheme == "https" else None,
        )
        self._port = url.port or (443 if self._tls else 80)
        self.netloc = url.netloc.encode()
        self._idle: deque[UpstreamConnection] = deque()
        self.open = 0
        self._closed = False
        self.last_answer = loop.time()
        self.budget = RetryBudget(ratio=spec.retry_budget)
        self._open_gauge = BREAKER_OPEN.labels(name)
        self._open_gauge.set(0)
        self.breaker = CircuitBreaker(
            name,
            failures=spec.breaker_failures,
            reset_s=spec.breaker_reset_s,
            clock=loop.time,
            on_change=self._breaker_changed,
        )

    def _breaker_changed(self, name: str, state: BreakerState) -> None:
        self._open_gauge.set(0 if state is BreakerState.CLOSED else 1)
        BREAKER_CHANGES.labels(name, state.value).inc()

    @property
    def idle(self) -> int:
        """Connections that wait for a request."""
        return len(self._idle)

    def pooled(self) -> UpstreamConnection | None:
        """A connection that is open and idle, if there is one."""
        while self._idle:
            conn = self._idle.pop()
            if conn.open:
                return conn
            self.open -= 1
        return None

    async def connect(self) -> UpstreamConnection:
        """A new connection. Raises :class:`UpstreamFailure`."""
        if self.open >= self.spec.max_connections:
            raise UpstreamFailure("has no free connection")
        self.open += 1
        try:
            async with asyncio.timeout(self.spec.connect_timeout_s):
                _, conn = await self.loop.create_connection(
                    lambda: UpstreamConnection(self.loop),
                    self._host,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls else None,
                )
        except (OSError, TimeoutError) as error:
            self.open -= 1
            raise UpstreamFailure("does not accept connections") from error
        except BaseException:
            self.open -= 1
            raise
        return conn

    def release(self, conn: UpstreamConnection) -> None:
        """Give back a connection: it is kept if the next request may follow on it, else closed."""
        if conn.reusable and conn.complete and conn.open and not self._closed:
            conn.idle_since = self.loop.time()
            self._idle.append(conn)
        else:
            self.open -= 1
            if conn.open:
                conn.abort()

    def detach(self) -> None:
        """A connection left for good (a tunnel closes it itself)."""
        self.open -= 1

    def close_idle(self, now: float) -> None:
        """Close what nobody has used lately, before the upstream does."""
        while self._idle and (now - self._idle[0].idle_since > _IDLE_S or not self._idle[0].open):
            conn = self._idle.popleft()
            self.open -= 1
            if conn.open:
                conn.abort()

    def close(self) -> None:
        """Close all idle connections, and the others when they are given back."""
        self._closed = True
        while self._idle:
            self._idle.pop().abort()
            self.open -= 1

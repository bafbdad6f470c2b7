"""Asking an AI service: within a deadline, through a breaker, and never relied upon.

Every caller has an answer that needs no AI service. With all of them down a request is slower by at most one deadline
until the breaker opens, and by nothing after that.
"""

import http.client
import threading
import time
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog
from django.conf import settings
from opentelemetry.trace import SpanKind
from prometheus_client import Counter

from apps.core.faults import fault
from meshop_shared.metrics import BREAKER_OPEN
from meshop_shared.resilience import BreakerOpen, BreakerState, CircuitBreaker, Deadline, DeadlineExceeded
from meshop_shared.tracing import TRACER, traceparent_put

log = structlog.get_logger(__name__)

#: The degraded share of a service is that of the outcomes ``failed``, ``refused`` and ``absent``.
CALLS = Counter("meshop_ai_calls_total", "Questions to AI services by outcome.", ["service", "outcome"])
_FAILURES, _RESET_S = 3, 1.0
_LARGEST_ANSWER = 2_000_000


class AiUnavailable(Exception):
    """There is no answer from the service: it is not configured, down, late, or speaks nonsense."""


class AiClient:
    """One service. Thread-safe: each thread keeps a connection of its own."""

    def __init__(self, *, service: str, url: str, deadline_s: float) -> None:
        self._service, self._deadline_s = service, deadline_s
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._local = threading.local()
        self._breaker = CircuitBreaker(
            f"ai-{service}", failures=_FAILURES, reset_s=_RESET_S, counts=(AiUnavailable,), on_change=_show
        )

    def ask(
        self, path: str, question: Mapping[str, Any], *, deadline_s: float | None = None
    ) -> dict[str, Any]:
        """Post a question that changes nothing and return the answer. Raises :class:`AiUnavailable`."""
        within = deadline_s or self._deadline_s
        try:
            with TRACER.start_as_current_span(f"ask {self._service}", kind=SpanKind.CLIENT):
                answer = self._breaker.call(lambda: self._ask(path, orjson.dumps(question), within))
        except BreakerOpen as error:
            CALLS.labels(self._service, "refused").inc()
            raise AiUnavailable("the breaker is open") from error
        except AiUnavailable as error:
            CALLS.labels(self._service, "failed").inc()
            log.warning("AI service did not answer", ai=self._service, path=path, error=str(error))
            raise
        CALLS.labels(self._service, answer["source"]).inc()
        return answer

    def _ask(self, path: str, body: bytes, within: float) -> dict[str, Any]:
        deadline = Deadline(within)
        try:
            if late := fault("slow-ai"):
                time.sleep(min(late, within))
                deadline.remaining()
            status, content = self._exchange(path, body, deadline)
        except (OSError, http.client.HTTPException, DeadlineExceeded) as error:
            self.close()
            raise AiUnavailable(type(error).__name__) from error
        if status != 200:
            raise AiUnavailable(f"status {status}")
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError as error:
            raise AiUnavailable("not JSON") from error
        if not isinstance(answer, dict) or answer.get("source") not in ("model", "cache", "baseline"):
            raise AiUnavailable("no source")
        return answer

    def _exchange(self, path: str, body: bytes, deadline: Deadline) -> tuple[int, bytes]:
        """Send and read. A kept connection that the service has closed meanwhile is opened again, once."""
        kept: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if kept is not None:
            try:
                return self._send(kept, path, body, deadline)
            except (http.client.RemoteDisconnected, ConnectionError):
                self.close()
        connection = http.client.HTTPConnection(self._host, self._port, timeout=deadline.remaining())
        self._local.connection = connection
        return self._send(connection, path, body, deadline)

    @staticmethod
    def _send(
        connection: http.client.HTTPConnection, path: str, body: bytes, deadline: Deadline
    ) -> tuple[int, bytes]:
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        headers = {"Content-Type": "application/json"} | ({"X-Request-Id": request_id} if request_id else {})
        traceparent_put(headers)
        if connection.sock is None:
            connection.connect()
        connection.sock.settimeout(deadline.remaining())
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        content = bytearray()
        while part := response.read1(65_536):
            content += part
            if len(content) > _LARGEST_ANSWER:
                raise http.client.HTTPException("the answer is too large")
            if connection.sock is not None:
                connection.sock.settimeout(deadline.remaining())
        response.close()  # read1 leaves an answer open that was read to its end
        return response.status, bytes(content)

    def close(self) -> None:
        """Close the connection of this thread; the next question opens another."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None


@cache
def ai_client(service: str) -> AiClient | None:
    """The process's client of a service; None when ``AI_URLS`` does not name it."""
    url = settings.MESHOP.ai_urls.get(service)
    if url is None:
        return None
    return AiClient(service=service, url=url, deadline_s=settings.MESHOP.ai_deadline_ms / 1000)


def ai_ask(
    service: str, path: str, question: Mapping[str, Any], *, deadline_s: float | None = None
) -> dict[str, Any]:
    """Ask a service by name, within ``AI_DEADLINE_MS`` unless told another deadline.

    Raises :class:`AiUnavailable`, at once when it is not configured.
    """
    client = ai_client(service)
    if client is None:
        CALLS.labels(service, "absent").inc()
        raise AiUnavailable("not configured")
    return client.ask(path, question, deadline_s=deadline_s)


def _show(name: str, state: BreakerState) -> None:
    BREAKER_OPEN.labels(name).set(0 if state is BreakerState.CLOSED else 1)
    log.warning("breaker changed", breaker=name, state=state.value)

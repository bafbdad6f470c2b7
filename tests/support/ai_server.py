"""An AI service that answers what a test tells it to, over real HTTP."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings

from apps.core import ai_client
from apps.core.redis_client import redis_client

MODEL = {"name": "recommendations", "version": "test", "digest": "0" * 64}


class AiServer:
    """``answers`` maps paths to bodies (or to functions of the question); ``asked`` is what arrived."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any] | Callable[[dict[str, Any]], dict[str, Any]]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.status = 200
        #: Waited for before the answer, and between the bytes of it.
        self.hold = threading.Event()
        self.hold.set()
        self.drip_s = 0.0
        self.raw: bytes | None = None
        self.close_after = False
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


def items(*skus: str, kind: str = "popular", because: str | None = None) -> dict[str, Any]:
    """An answer of the recommendations service."""
    listed = [
        {"sku": sku, "score": -number, "kind": kind, "because": because} for number, sku in enumerate(skus)
    ]
    return {"source": "model", "model": MODEL, "reasons": [], "items": listed}


@contextmanager
def ai_server() -> Iterator[AiServer]:
    """Run one on a free port."""
    state = AiServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked.append((self.path, question))
            state.hold.wait(5)
            answer = state.answers.get(self.path, items())
            body = json.dumps(answer(question) if callable(answer) else answer).encode()
            body = state.raw if state.raw is not None else body
            try:
                self.send_response(state.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if state.drip_s:
                    for byte in body:
                        self.wfile.write(bytes([byte]))
                        threading.Event().wait(state.drip_s)
                else:
                    self.wfile.write(body)
            except ConnectionError:  # the caller has gone
                self.close_connection = True
            if state.close_after:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.hold.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def ai_configured(monkeypatch: pytest.MonkeyPatch, service: str, **choices: Any) -> Iterator[AiServer]:
    """Run one that the backend asks as ``service``, with these settings beside."""
    with ai_server() as running:
        urls = {"ai_urls": {service: running.url}, **choices}
        monkeypatch.setattr(settings, "MESHOP", settings.MESHOP.model_copy(update=urls))
        ai_client.ai_client.cache_clear()
        yield running
        client = ai_client.ai_client(service)
        assert client is not None
        client.close()
    ai_client.ai_client.cache_clear()


def ai_unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    """No service is named, and nothing is left in caches."""
    redis_client().flushdb()
    monkeypatch.setattr(settings, "MESHOP", settings.MESHOP.model_copy(update={"ai_urls": {}}))
    ai_client.ai_client.cache_clear()

"""A server in Stripe's place, with state: the part of its API that we call, on a free port of this machine.

It runs on :class:`FakeBank`. Events are kept in ``events`` for the test to deliver when and as often as it likes.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from apps.payments.providers.fake_bank import BankRefused, FakeBank, Object


class MemoryStore:
    """The bank's objects in memory."""

    def __init__(self) -> None:
        self._lock, self._objects, self._parents = threading.RLock(), {}, {}

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One at a time."""
        with self._lock:
            yield

    def get(self, id: str) -> Object | None:
        """An object."""
        return self._objects.get(id)

    def put(self, id: str, document: Object, parent: str = "") -> None:
        """Keep an object."""
        self._objects[id] = document
        self._parents[id] = parent

    def children(self, parent: str) -> list[Object]:
        """Objects of a parent."""
        return [self._objects[id] for id, known in self._parents.items() if known == parent]

    def all(self, kind: str) -> list[Object]:
        """Objects of a kind, as ``refund``."""
        return [document for document in self._objects.values() if document.get("object") == kind]


class StripeServer:
    """``trouble`` is a queue of what goes wrong with the next calls:

    ``drop`` (no answer, nothing done), ``late`` (done, no answer), ``500``, ``429``, ``busy`` (409), ``garbage``.
    """

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.bank = FakeBank(self.store, clock=time.time, page_url="https://checkout.stripe.test/")
        self.events: list[Object] = []
        self.trouble: list[str] = []
        self.calls: list[str] = []
        #: Set it to let no call through until it is set again.
        self.gate = threading.Event()
        self.gate.set()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self.gate.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def sessions(self) -> list[Object]:
        """All checkout sessions."""
        return self.store.all("checkout.session")

    def refunds(self) -> list[Object]:
        """All refunds."""
        return self.store.all("refund")

    def pay(self, session_id: str, card: str = "4242424242424242", **options: Any) -> list[Object]:
        """Let the customer pay; the events, which are also kept."""
        _, events = self.bank.confirm(session_id, card=card, **options)
        self.events += events
        return events

    def answer(self, method: str, path: str, form: dict[str, Any], key: str | None) -> Object:
        """Carry out one call. Raises ``BankRefused``."""
        match method, path.strip("/").split("/")[1:]:
            case "POST", ["checkout", "sessions"]:
                return self.bank.session_create(form, key=_required(key))
            case "GET", ["checkout", "sessions", session_id]:
                return self.bank.session_get(session_id)
            case "POST", ["checkout", "sessions", session_id, "expire"]:
                return self._kept(self.bank.session_expire(session_id))
            case "POST", ["refunds"]:
                return self._kept(self.bank.refund_create(form, key=_required(key)))
            case "GET", ["refunds"]:
                found = self.bank.refunds_of(form["payment_intent"])
                return {"object": "list", "data": found, "has_more": False, "url": "/v1/refunds"}
            case "GET", ["refunds", refund_id]:
                return self.bank.refund_get(refund_id)
            case "POST", ["payment_methods", method_id, "detach"]:
                return {"id": method_id, "object": "payment_method", "customer": None}
        raise BankRefused("url_invalid")

    def _kept(self, result: tuple[Object, list[Object]]) -> Object:
        self.events += result[1]
        return result[0]


def _required(key: str | None) -> str:
    """Every call of ours that changes something must carry a key."""
    if not key:
        raise BankRefused("idempotency_key_missing")
    return key


def _handler(server: StripeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            target = urlsplit(self.path)
            form = nested(parse_qsl(target.query + "&" + self.rfile.read(length).decode(), True))
            server.calls.append(f"{self.command} {target.path}")
            server.gate.wait(30)
            trouble = server.trouble.pop(0) if server.trouble else ""
            if trouble in ("drop", "500", "429", "busy", "garbage"):
                self._fail(trouble)
                return
            try:
                key = self.headers.get("Idempotency-Key")
                document = server.answer(self.command, target.path, form, key)
            except BankRefused as error:
                kind = "idempotency_error" if "idempotency" in error.code else "invalid_request_error"
                self._send(400, {"error": {"type": kind, "code": error.code, "message": error.code}})
                return
            if trouble == "late":
                self.close_connection = True
                return
            self._send(200, {name: value for name, value in document.items() if name[0] != "_"})

        def _fail(self, trouble: str) -> None:
            if trouble == "drop":
                self.close_connection = True
            elif trouble == "garbage":
                self._send(200, b"<html>this is not JSON")
            else:
                status = {"500": 500, "429": 429, "busy": 409}[trouble]
                self._send(status, {"error": {"type": "api_error", "message": trouble}})

        def _send(self, status: int, body: Any) -> None:
            content = body if isinstance(body, bytes) else orjson.dumps(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Request-Id", "req_test")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Turn ``a[b][0][c]=1`` into ``{"a": {"b": [{"c": "1"}]}}``."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        keys = name.replace("]", "").split("[")
        level = root
        for key in keys[:-1]:
            level = level.setdefault(key, {})
        level[keys[-1]] = value
    return _listed(root)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(inner) for key, inner in value.items()}

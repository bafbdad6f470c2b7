"""A request on its way through the gateway, and the ways to answer it."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from opentelemetry.trace import Span

from meshop_gateway.compiled import Route
from meshop_gateway.exchange import WHOLE
from meshop_gateway.flights import Flight
from meshop_gateway.headers import Headers, RequestHead
from meshop_shared.errors import MeshopError, envelope

#: Stands in until the head was read, and for one that cannot be.
NO_HEAD = RequestHead([])
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]


class Request:
    """What is known of one request. ``extra`` are fields that every answer to it carries."""

    __slots__ = (
        "client", "extra", "flight", "head", "method", "note", "receive", "route", "scheme", "scope", "send", "span",
        "status",
    )  # fmt: skip

    def __init__(
        self, scope: dict[str, Any], receive: Receive, send: Send, *, route: Route, flight: Flight
    ) -> None:
        self.scope, self.receive, self.send, self.route, self.flight = scope, receive, send, route, flight
        self.method: str = scope["method"]
        self.client, self.scheme = scope["client"][0], b"http"
        self.head = NO_HEAD
        self.extra: Headers = []
        #: The status that was sent, 0 before; and one word for the log on how the answer came about.
        self.status, self.note = 0, "forwarded"
        #: The gateway's own span, if this request is traced.
        self.span: Span | None = None

    def read_head(self) -> None:
        """Sort the header fields. Raises :class:`ValidationFailed`."""
        self.head = RequestHead(self.scope["headers"])
        self.extra.append((b"x-request-id", self.head.request_id))

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer at once. ``headers`` say its length, if it has one."""
        self.status = status
        await self.send({"type": WHOLE, "status": status, "headers": headers + self.extra, "body": body})

    async def start(self, status: int, headers: Headers) -> None:
        """Send the head of the answer."""
        self.status = status
        await self.send({"type": "http.response.start", "status": status, "headers": headers + self.extra})

    async def write(self, body: bytes, *, more: bool) -> None:
        """Send a piece of its body; without ``more`` the last."""
        await self.send({"type": "http.response.body", "body": body, "more_body": more})

    async def refuse(self, error: MeshopError) -> None:
        """Answer with the envelope of ``error``. An answer that has begun is left unfinished instead."""
        if not self.status:
            self.note, self.status = error.code, error.status
            trace_id = self.head.trace_id.decode() if self.span is not None else ""
            await error_send(self.send, error, self.head.request_id, self.extra, trace_id)


async def error_send(
    send: Send, error: MeshopError, request_id: bytes, extra: Headers, trace_id: str = ""
) -> None:
    """Send ``error`` in the common envelope."""
    body = orjson.dumps(
        envelope(
            code=error.code,
            message=error.message,
            extra=error.extra,
            request_id=request_id.decode(),
            trace_id=trace_id,
        )
    )
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *((name.lower().encode(), value.encode()) for name, value in error.headers.items()),
        *extra,
    ]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""Answers to requests that are refused before any code of the app sees them."""

from enum import Enum

import orjson

from meshop_shared.errors import envelope


class Refusal(Enum):
    """Status, code and message of each."""

    MALFORMED = (400, "malformed_request", "This is not a well-formed HTTP/1.1 request.")
    METHOD = (405, "method_not_allowed", "This method is not allowed here.")
    TIMEOUT = (408, "request_timeout", "The request did not arrive in time.")
    TARGET_TOO_LONG = (414, "uri_too_long", "The request target is too long.")
    EXPECTATION = (417, "expectation_failed", "This expectation cannot be met.")
    HEAD_TOO_LARGE = (431, "headers_too_large", "The request headers are too large.")
    VERSION = (505, "http_version_not_supported", "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
    TOO_MANY_CONNECTIONS = (503, "service_unavailable", "The service is temporarily unavailable.")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[0]


_PHRASES = {
    400: "Bad Request",
    405: "Method Not Allowed",
    408: "Request Timeout",
    414: "URI Too Long",
    417: "Expectation Failed",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}


def refusal_bytes(refusal: Refusal) -> bytes:
    """The whole answer, after which the connection closes."""
    status, code, message = refusal.value
    body = orjson.dumps(envelope(code=code, message=message))
    head = (
        f"HTTP/1.1 {status} {_PHRASES[status]}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body

"""Which header fields cross the gateway, and in which form (RFC 9110 section 7.6.1, RFC 9112)."""

import random
import re

from meshop_shared.errors import ValidationFailed

Headers = list[tuple[bytes, bytes]]

#: Fields about one connection only. They end here, in both directions.
HOP_BY_HOP = frozenset(
    (
        b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization",
        b"te", b"trailer", b"transfer-encoding", b"upgrade", b"http2-settings",
    )
)  # fmt: skip
#: Fields by which proxies tell who asks and for what. Only the gateway may say so to an upstream.
_PROXY_CLAIMS = frozenset(
    (
        b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port",
        b"x-forwarded-prefix", b"x-forwarded-server", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip",
        b"true-client-ip", b"cf-connecting-ip", b"x-original-url", b"x-rewrite-url", b"x-original-host",
        b"x-http-method-override", b"x-method-override", b"proxy",
    )
)  # fmt: skip
_KEEP, _DROP = 1, 2
#: Fields the gateway looks at. Those marked ``_KEEP`` go on as they came.
_LOOKED_AT = {
    **dict.fromkeys(HOP_BY_HOP | _PROXY_CLAIMS, _DROP),
    **dict.fromkeys(
        (b"host", b"content-length", b"expect", b"x-request-id", b"x-request-deadline-ms"), _DROP
    ),
    **dict.fromkeys((b"authorization", b"cookie", b"idempotency-key", b"traceparent", b"range"), _KEEP),
    **dict.fromkeys(
        (b"if-none-match", b"if-match", b"if-range", b"if-modified-since", b"cache-control"), _KEEP
    ),
}
#: Fields of which a second one would let two servers see two different requests.
_SINGLE = frozenset(
    (
        b"host", b"authorization", b"idempotency-key", b"traceparent", b"x-request-id", b"x-request-deadline-ms",
        b"content-length", b"transfer-encoding",
    )
)  # fmt: skip
#: Fields of answers that clients do not get: the last because the gateway writes its own.
_ENDS_HERE = HOP_BY_HOP | {b"x-request-id"}
_NOMINATES_NOTHING = frozenset((b"keep-alive", b"close", b"Keep-Alive", b"Close"))
#: Never removed because a Connection field nominated them.
_END_TO_END = frozenset((b"host", b"content-length", b"content-type", b"authorization", b"cookie"))
_HOST = re.compile(rb"([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class RequestHead:
    """A request's header fields, sorted into what goes on (``lines``) and what the gateway looks at (``seen``)."""

    __slots__ = ("lines", "request_id", "seen", "trace_given", "traceparent")

    def __init__(self, headers: Headers) -> None:
        """Raises :class:`ValidationFailed` for fields that two servers could understand differently."""
        lines: list[bytes] = []
        seen: dict[bytes, bytes] = {}
        looked_at = _LOOKED_AT.get
        for name, value in headers:
            action = looked_at(name)
            if action is None:
                if b"_" in name:  # WSGI and CGI cannot tell it from the name with a dash
                    continue
            else:
                if name in seen:
                    if name in _SINGLE:
                        raise ValidationFailed(
                            f"The header {name.decode()} appears twice.", code="malformed_request"
                        )
                    seen[name] += b", " + value
                else:
                    seen[name] = value
                if action == _DROP:
                    continue
            lines.append(b"%b: %b\r\n" % (name, value))
        if b"connection" in seen:
            lines = _without_nominated(lines, seen[b"connection"])
        self.lines, self.seen = lines, seen
        drawn = b"%032x" % (random.getrandbits(128) | 1)
        given = seen.get(b"x-request-id")
        self.request_id = given if given and _REQUEST_ID.fullmatch(given) else drawn
        trace = seen.get(b"traceparent")
        self.trace_given = trace is not None and _TRACEPARENT.fullmatch(trace) is not None
        if trace is None or not self.trace_given:
            if trace is not None:
                lines.remove(b"traceparent: %b\r\n" % trace)
            # A trace that begins here has the name of its first request, and that half of it is the first span's.
            trace = b"00-%b-%b-01" % (drawn, drawn[16:])
            lines.append(b"traceparent: %b\r\n" % trace)
        self.traceparent = trace

    def trace_set(self, traceparent: bytes) -> None:
        """Let the request go on as part of this trace."""
        if traceparent != self.traceparent:
            self.lines.remove(b"traceparent: %b\r\n" % self.traceparent)
            self.lines.append(b"traceparent: %b\r\n" % traceparent)
            self.traceparent = traceparent

    @property
    def trace_id(self) -> bytes:
        """The trace this request belongs to, 32 hexadecimal digits."""
        return self.traceparent[3:35]


def _without_nominated(lines: list[bytes], connection: bytes) -> list[bytes]:
    nominated = {token.strip().lower() for token in connection.split(b",")} - _END_TO_END
    return [line for line in lines if line.partition(b":")[0] not in nominated]


def host_name(host: bytes) -> bytes | None:
    """The name in a Host field, without the port; ``None`` unless it is one name or address (RFC 9110 section 7.2)."""
    match = _HOST.fullmatch(host)
    return match[1] if match else None


def response_lines(headers: Headers, drop: frozenset[bytes] = frozenset()) -> Headers:
    """The fields of an upstream's answer that the client gets. ``drop`` names more that it does not."""
    dropped = _ENDS_HERE | drop if drop else _ENDS_HERE
    kept = [pair for pair in headers if pair[0] not in dropped]
    for name, value in headers:
        if name == b"connection" and value not in _NOMINATES_NOTHING:
            nominated = {token.strip().lower() for token in value.split(b",")} - _END_TO_END
            kept = [pair for pair in kept if pair[0] not in nominated]
    return kept

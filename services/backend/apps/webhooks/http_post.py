"""One POST to an address that was checked: no redirects, no proxies, a deadline over all of it, a bounded answer."""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from apps.webhooks.errors import TargetRefused
from apps.webhooks.targets import Resolver, Target, addresses_resolve
from meshop_shared.resilience import Deadline, DeadlineExceeded

#: As much of the answer as is read; the rest is not even received.
MAX_ANSWER = 4_096
_RESOLVE_S, _CONNECT_S = 5.0, 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ended: with a status, or with an error in words."""

    duration_ms: int
    status: int | None = None
    text: str = ""
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the receiver has taken the message."""
        return not self.error


class DeadlineSocket:
    """What ``http.client`` needs of a socket to read an answer, every read within one deadline.

    A timeout of the socket alone starts anew with each byte: a receiver that drips them would never end.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, *_: Any) -> io.BufferedReader:
        """A file to read the answer from."""
        return io.BufferedReader(_Reader(self._sock, self._deadline), buffer_size=MAX_ANSWER)


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.remaining())
        return self._sock.recv_into(buffer)


def post(
    target: Target,
    *,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
    resolver: Resolver | None = None,
) -> Answer:
    """Send ``body`` and tell how that went; raises nothing that the network or the receiver can cause."""
    begin = time.monotonic()
    status: int | None = None
    text = error = ""
    try:
        status, text = _exchange(target, body, headers, Deadline(timeout_s), resolver)
        error = _refusal(status)
    except TargetRefused as refused:
        error = refused.sentence
    except (TimeoutError, DeadlineExceeded):
        error = f"No answer within {timeout_s:g} s."
    except (OSError, http.client.HTTPException) as failure:
        error = f"{type(failure).__name__}: {failure}"
    duration_ms = round((time.monotonic() - begin) * 1_000)
    return Answer(duration_ms, status, text, error.replace("\x00", "")[:300])


def _exchange(
    target: Target, body: bytes, headers: Mapping[str, str], deadline: Deadline, resolver: Resolver | None
) -> tuple[int, str]:
    addresses = addresses_resolve(target, timeout_s=deadline.timeout(_RESOLVE_S), resolver=resolver)
    with _connect(target, addresses, deadline) as sock:
        sock.settimeout(deadline.remaining())
        sock.sendall(_request(target, headers, body) + body)
        response = http.client.HTTPResponse(DeadlineSocket(sock, deadline), method="POST")  # type: ignore[arg-type]
        with response:
            response.begin()
            return response.status, _start_of(response)


def _start_of(response: http.client.HTTPResponse) -> str:
    """The beginning of the answer as text. What is wrong with it is no matter of the delivery: the status counts."""
    try:
        raw = response.read(MAX_ANSWER)
    except (OSError, http.client.HTTPException, DeadlineExceeded, ValueError):
        raw = b""
    return raw.decode(errors="replace").replace("\x00", "")


def _connect(target: Target, addresses: list[str], deadline: Deadline) -> socket.socket:
    """Connect to the first address that answers; the name is only said, to TLS, and not asked for again."""
    last: OSError = OSError("the name has no address")
    for address in addresses:
        try:
            sock = socket.create_connection((address, target.port), timeout=deadline.timeout(_CONNECT_S))
        except OSError as error:
            last = error
            continue
        if target.scheme == "http":
            return sock
        try:
            sock.settimeout(deadline.remaining())
            return _tls().wrap_socket(sock, server_hostname=target.host)
        except BaseException:
            sock.close()
            raise
    raise last


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = {
        "Host": target.authority,
        "User-Agent": "Meshop-Webhooks/1",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Accept-Encoding": "identity",
        "Connection": "close",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode("ascii")


def _refusal(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"Answered {status}; redirects are not followed."
    return f"Answered {status}."


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()

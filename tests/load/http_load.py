"""A load generator that costs little: keep-alive connections on loopback, requests as bytes, minimal parsing."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop


@dataclass
class LoadResult:
    """What a run saw. Latencies in seconds, in order of completion."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Latency that ``share`` of the requests did not exceed, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def request_bytes(
    method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b""
) -> bytes:
    """Render one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the last one is answered."""

    def __init__(self, requests: Iterator[bytes], result: LoadResult, clock: Callable[[], bool]) -> None:
        self._requests, self._result, self._open = requests, result, clock
        self._buffer, self._needed, self._status = b"", -1, 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        request = next(self._requests, None) if self._open() else None
        if request is None:
            self._transport.close()
            return
        self._started = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._needed < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            self._status = int(head[9:12])
            start = head.find(b"content-length:")
            length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
            self._needed = end + 4 + length
        if len(self._buffer) >= self._needed:
            self._result.latencies.append(time.perf_counter() - self._started)
            self._result.statuses[self._status] += 1
            self._buffer, self._needed = b"", -1
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if self._needed >= 0 or self._buffer:
            self._result.statuses[0] += 1
        if not self.done.done():
            self.done.set_result(None)


def run_load(url: str, requests: Iterator[bytes], *, connections: int, seconds: float) -> LoadResult:
    """Send ``requests`` over ``connections`` until they or the ``seconds`` are used up. Loopback only."""
    host, port = str(urlsplit(url).hostname), urlsplit(url).port or 80
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError("Load goes to this machine only.")
    result = LoadResult()

    async def drive() -> None:
        loop = asyncio.get_running_loop()
        started = time.perf_counter()
        ends = started + seconds
        pairs = [
            await loop.create_connection(
                lambda: _Connection(requests, result, lambda: time.perf_counter() < ends), host, port
            )
            for _ in range(connections)
        ]
        async with asyncio.timeout(seconds + 60):
            await asyncio.gather(*(protocol.done for _, protocol in pairs))
        result.seconds = time.perf_counter() - started

    uvloop.run(drive())
    return result

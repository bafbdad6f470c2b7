"""Requests that come at their own pace, however slowly they are answered, as those of many independent clients do."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop

#: After this a client has given up: an answer that comes later is good for nobody.
PATIENCE_S = 2.0


@dataclass
class OpenResult:
    """What became of the requests. 0 counts those that were not answered in time."""

    seconds: float
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    @property
    def goodput(self) -> float:
        """Requests a second that were answered well and in time."""
        return self.statuses[200] / self.seconds

    @property
    def p95_ms(self) -> float:
        """Of the good answers."""
        ordered = sorted(self.latencies)
        return ordered[int(len(ordered) * 0.95)] * 1000 if ordered else 0.0


class _Client(asyncio.Protocol):
    """One request at a time; answers have a Content-Length."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[int] | None = None
        self.open, self._read = True, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> "asyncio.Future[int]":
        self._read = b""
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self.answered

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if not found or self.answered is None or self.answered.done():
            return
        head = head.lower()
        start = head.find(b"content-length:")
        if start >= 0:
            whole = len(body) >= int(head[start + 15 :].split(b"\r\n", 1)[0])
        else:
            whole = body.endswith(b"0\r\n\r\n")
        if whole:
            self.answered.set_result(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        if self.answered is not None and not self.answered.done():
            self.answered.set_result(0)


def run_open_load(url: str, *, rate: float, seconds: float, settle_s: float = 3.0) -> OpenResult:
    """Ask ``rate`` times a second for ``settle_s + seconds``; what came in the first ``settle_s`` is not counted."""
    parts = urlsplit(url)
    request = f"GET {parts.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    result = OpenResult(seconds)
    idle: list[_Client] = []

    async def one(counted: bool) -> None:
        loop = asyncio.get_running_loop()
        started, status, client = time.perf_counter(), 0, None
        try:
            async with asyncio.timeout(PATIENCE_S):
                while idle and client is None:
                    client = idle.pop() if idle[-1].open else idle.pop() and None
                if client is None:
                    _, client = await loop.create_connection(_Client, str(parts.hostname), parts.port)
                status = await client.ask(request)
        except (OSError, TimeoutError):
            pass
        if client is not None and status and client.open:
            idle.append(client)
        elif client is not None:
            client.transport.abort()
        if counted:
            result.statuses[status] += 1
            if status == 200:
                result.latencies.append(time.perf_counter() - started)

    async def drive() -> None:
        begin = due = time.perf_counter()
        asked: set[asyncio.Task[None]] = set()
        while due < begin + settle_s + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            while due <= time.perf_counter():
                task = asyncio.create_task(one(due > begin + settle_s))
                asked.add(task)
                task.add_done_callback(asked.discard)
                due += random.expovariate(rate)
        if asked:
            await asyncio.wait(asked)
        for client in idle:
            client.transport.abort()

    uvloop.run(drive())
    return result

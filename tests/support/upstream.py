"""An upstream for gateways under test: it records every byte it gets, and misbehaves on request."""

import asyncio
import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from meshop_shared.tokens import TokenSigner


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    raw_head: bytes = b""

    def header(self, name: str) -> str | None:
        """The value of a field; several are joined."""
        values = [value for field_name, value in self.headers if field_name.lower() == name]
        return ", ".join(values) if values else None


@dataclass
class Upstream:
    """Runs in a thread of its own. ``mode`` makes every answer a bad one: see :meth:`_misbehave`."""

    signer: TokenSigner | None = None
    mode: str = "ok"
    delay_s: float = 0.0
    #: How many requests are served at a time; the others queue, as they would for worker processes.
    capacity: int = 10_000
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    #: Bytes that were not a request: a smuggled one would show here or in ``seen``.
    strays: list[bytes] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> "Upstream":
        """Start listening."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop and close every connection."""
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        """For ``BACKEND_URL``."""
        return f"http://127.0.0.1:{self.port}"

    def targets(self) -> list[str]:
        """What was asked for, without the gateway's own question for keys."""
        return [request.target for request in self.seen if "jwks" not in request.target]

    def reset(self) -> None:
        """Forget what was seen, and behave again."""
        self.mode, self.delay_s, self.capacity = "ok", 0.0, 10_000
        self.seen.clear()
        self.strays.clear()
        self.answers.clear()

    def _run(self, ready: threading.Event) -> None:
        asyncio.run(self._serve(ready))

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._serving = asyncio.Condition()
        self._busy = 0
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=1024, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stopped.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            pass
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                self.strays.append(error.partial)
            return False
        line, *fields = head.decode("latin-1").split("\r\n")[:-2]
        parts = line.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            self.strays.append(head)
            return False
        headers = [(name, value.strip()) for name, _, value in (text.partition(":") for text in fields)]
        request = Seen(parts[0], parts[1], headers, b"", head)
        self.seen.append(request)
        if request.target.startswith("/api/early"):
            await self._answer(writer, request, 403, {}, b'{"early": true}')
            return False
        await self._read_body(request, reader)
        if (request.header("upgrade") or "").lower() == "websocket":
            await self._websocket(request, reader, writer)
            return False
        async with self._serving:
            await self._serving.wait_for(lambda: self._busy < self.capacity)
            self._busy += 1
        try:
            if "jwks" not in request.target and self.delay_s:
                await asyncio.sleep(self.delay_s)
            return await self._respond(request, reader, writer)
        finally:
            async with self._serving:
                self._busy -= 1
                self._serving.notify()

    async def _read_body(self, request: Seen, reader: asyncio.StreamReader) -> None:
        if "chunked" in (request.header("transfer-encoding") or ""):
            while True:
                size = int((await reader.readuntil(b"\r\n")).strip(), 16)
                piece = await reader.readexactly(size + 2)
                if not size:
                    return
                request.body += piece[:-2]
        length = int(request.header("content-length") or 0)
        if length > 1_000_000:
            for _ in range(length // 65_536):
                await reader.readexactly(65_536)
            await reader.readexactly(length % 65_536)
        else:
            request.body = await reader.readexactly(length)

    async def _respond(
        self, request: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        path = request.target.partition("?")[0]
        if "jwks" in path and self.signer is not None:
            await self._answer(writer, request, 200, {}, json.dumps(self.signer.jwks()).encode())
            return True
        if self.mode != "ok":
            return await self._misbehave(self.mode, writer, request)
        if "/bad/" in path:
            return await self._misbehave(path.partition("/bad/")[2].strip("/"), writer, request)
        if path in self.answers:
            status, headers, body = self.answers[path]
            await self._answer(writer, request, status, headers, body)
            return True
        if "/sleep/" in path:
            await asyncio.sleep(float(path.rpartition("/sleep/")[2]))
        if "/stream/" in path:
            return await self._stream(writer, int(path.rpartition("/")[2]))
        if "/sse/" in path:
            return await self._events(writer, int(path.rpartition("/")[2]))
        shown = {
            "method": request.method,
            "target": request.target,
            "headers": request.headers,
            "body": request.body.decode("latin-1"),
        }
        await self._answer(writer, request, 200, {}, json.dumps(shown).encode())
        return True

    async def _answer(
        self, writer: asyncio.StreamWriter, request: Seen, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        fields = {"content-type": "application/json", "content-length": str(len(body)), **headers}
        if "transfer-encoding" in fields:
            del fields["content-length"]
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        head = f"HTTP/1.1 {status} Status\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items()) + "\r\n"
        writer.write(head.encode("latin-1") + (b"" if request.method == "HEAD" or status == 304 else body))
        await writer.drain()

    async def _stream(self, writer: asyncio.StreamWriter, size: int) -> bool:
        writer.write(
            f"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {size}\r\n\r\n".encode()
        )
        block = b"x" * 65_536
        while size > 0:
            writer.write(block[: min(size, len(block))])
            await writer.drain()
            size -= len(block)
        return True

    async def _events(self, writer: asyncio.StreamWriter, count: int) -> bool:
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        await writer.drain()
        for number in range(count):
            event = f"data: {number}\n\n".encode()
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
            await writer.drain()
            await asyncio.sleep(0.2)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    async def _websocket(
        self, request: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        key = (request.header("sec-websocket-key") or "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            + f"sec-websocket-accept: {accept}\r\n\r\n".encode()
        )
        while True:  # echo: unmask a frame, send it back
            first, second = await reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                length = int.from_bytes(await reader.readexactly(2), "big")
            mask = await reader.readexactly(4)
            data = bytes(byte ^ mask[i % 4] for i, byte in enumerate(await reader.readexactly(length)))
            size = bytes([length]) if length < 126 else b"\x7e" + length.to_bytes(2, "big")
            writer.write(bytes([first]) + size + data)
            await writer.drain()
            if first & 0x0F == 8:
                return

    async def _misbehave(self, how: str, writer: asyncio.StreamWriter, request: Seen) -> bool:
        if how == "hang":
            await asyncio.sleep(60)
        elif how == "half":
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\nonly this"
            )
            await writer.drain()
        elif how == "half-hang":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly this")
            await writer.drain()
            await asyncio.sleep(60)
        elif how == "half-head":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-ty")
            await writer.drain()
        elif how == "garbage":
            writer.write(b"\x00\x01garbage \xff\xfe this is no HTTP\r\n\r\n" * 4)
            await writer.drain()
        elif how == "huge-head":
            writer.write(b"HTTP/1.1 200 OK\r\n" + b"x-filler: " + b"y" * 200_000 + b"\r\n\r\n")
            await writer.drain()
        elif how == "two-answers":
            answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK"
            writer.write(answer + b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nPOISON!")
            await writer.drain()
            return True
        elif how == "both-lengths":
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nPOISON"
            )
            await writer.drain()
        elif how == "unasked-upgrade":
            writer.write(
                b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nPOISON"
            )
            await writer.drain()
        elif how == "interim":
            writer.write(
                b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK"
            )
            await writer.drain()
            return True
        elif how == "until-close":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nup to the end")
            await writer.drain()
        elif how.isdigit():
            await self._answer(writer, request, int(how), {}, b'{"code": "broken"}')
            return True
        if how == "reset":
            writer.transport.abort()
        return False

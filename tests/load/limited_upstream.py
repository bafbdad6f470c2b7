"""A service that can serve so many requests a second and no more: ``python -m tests.load.limited_upstream PORT``.

Like the worker processes of a real one, it finishes whatever it has read, also when nobody waits for it any more:
a caller that gives up and comes back makes an overload worse.
"""

import asyncio
import sys

import uvloop

PLACES, SERVICE_S = 8, 0.02
CAPACITY = PLACES / SERVICE_S
BODY = b'{"items": "%s"}' % (b"x" * 1_000)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)


class Service(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places, self._read = places, b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            self._read = self._read.partition(b"\r\n\r\n")[2]
            task = asyncio.get_running_loop().create_task(self._answer())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self) -> None:
        async with self._places:
            await asyncio.sleep(SERVICE_S)
        if not self._transport.is_closing():
            self._transport.write(ANSWER)


async def serve(port: int) -> None:
    places = asyncio.Semaphore(PLACES)
    server = await asyncio.get_running_loop().create_server(lambda: Service(places), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))

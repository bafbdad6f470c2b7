"""The gateway's connection to Redis notices a Redis that hangs, although nobody asks it anything."""

import asyncio

import pytest

from meshop_gateway.redis_link import RedisLink

pytestmark = pytest.mark.unit


class SilentRedis(asyncio.Protocol):
    """Lets clients in, and answers nothing after that."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if b"HELLO" in data or b"SELECT" in data:
            self.transport.write(b"+OK\r\n")


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def test_a_hanging_redis_is_noticed_by_knocking():
    async def scenario():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(SilentRedis, "127.0.0.1", 0)
        link = RedisLink(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
        link.start()
        await until(lambda: link.up)
        link.check(loop.time() + 60)
        assert link.up, "who was asked nothing owes nothing"
        link.knock(loop.time())
        for _ in range(2):
            link.check(loop.time() + 60)
        assert not link.up
        await link.stop()
        server.close()

    asyncio.run(scenario())

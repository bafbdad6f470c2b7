"""The Lease: one holds it, a dead one loses it, who cannot renew stops before another begins."""

import asyncio
import copy

import pytest

from meshop_operator.api import AlreadyThere, ApiError, Changed
from meshop_operator.leases import Leader, NotLeading


class Server:
    """The one Lease, with compare and set; ``down`` does not answer."""

    def __init__(self):
        self.lease, self.version, self.down = None, 0, False

    async def get(self, kind, name):
        self._check()
        return copy.deepcopy(self.lease)

    async def create(self, kind, document):
        self._check()
        if self.lease is not None:
            raise AlreadyThere(409, "AlreadyExists", "")
        self._store(document)

    async def replace(self, kind, name, document):
        self._check()
        if document["metadata"]["resourceVersion"] != str(self.version):
            raise Changed(409, "Conflict", "")
        self._store(document)

    def _store(self, document):
        self.version += 1
        self.lease = copy.deepcopy(document)
        self.lease["metadata"]["resourceVersion"] = str(self.version)

    def _check(self):
        if self.down:
            raise ApiError(0, "ClientConnectorError", "")


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def clock():
    return Clock()


def leader(server, clock, name):
    return Leader(api=server, name="l", identity=name, lease_s=14, renew_s=9, retry_s=2, clock=clock)


def turn(one):
    """One attempt, as :meth:`Leader.run` makes it."""

    async def attempt():
        begin = one._clock()
        try:
            if await one._try():
                one._valid_until = begin + one._renew_s
        except ApiError:
            pass
        return one.leads

    return asyncio.run(attempt())


def test_the_first_gets_it_and_the_second_waits(server, clock):
    a, b = leader(server, clock, "a"), leader(server, clock, "b")
    assert turn(a)
    assert not turn(b)
    with pytest.raises(NotLeading):
        b.check()


def test_a_dead_holder_is_replaced_after_its_time_and_not_before(server, clock):
    a, b = leader(server, clock, "a"), leader(server, clock, "b")
    turn(a)
    turn(b)
    clock.now += 13.9
    assert not turn(b)
    clock.now += 0.2
    assert turn(b)
    assert server.lease["spec"]["leaseTransitions"] == 1


def test_a_holder_that_renews_is_not_replaced(server, clock):
    a, b = leader(server, clock, "a"), leader(server, clock, "b")
    for number in range(20):
        assert turn(a)
        server.lease["spec"]["renewTime"] = f"moment {number}"
        assert not turn(b)
        clock.now += 8


def test_who_cannot_renew_stops_before_another_begins(server, clock):
    a, b = leader(server, clock, "a"), leader(server, clock, "b")
    turn(a)
    turn(b)
    server.down = True
    led = []
    for _ in range(10):
        led.append(turn(a))
        clock.now += 2
    assert led[:5] == [True] * 5
    assert not any(led[5:])
    server.down = False
    assert turn(b)
    assert not turn(a)


def test_what_is_given_back_is_taken_at_once(server, clock):
    a, b = leader(server, clock, "a"), leader(server, clock, "b")
    turn(a)
    asyncio.run(a.release())
    assert not a.leads
    assert turn(b)


def test_of_two_who_take_it_at_once_one_gets_it(server, clock):
    a, b = leader(server, clock, "a"), leader(server, clock, "b")
    turn(a)
    asyncio.run(a.release())
    read = copy.deepcopy(server.lease)
    assert turn(a)

    async def late():
        read["spec"]["holderIdentity"] = "b"
        await server.replace(None, "l", read)

    with pytest.raises(Changed):
        asyncio.run(late())
    assert not turn(b)


def test_times_that_make_no_sense_are_refused(server):
    with pytest.raises(ValueError, match="LEASE_RETRY_S"):
        Leader(api=server, name="l", identity="a", lease_s=5, renew_s=9, retry_s=2)


def test_who_could_not_work_for_a_moment_is_told_to_look_at_everything_again(server, clock):
    """A renewal that comes late finds the Lease still ours; wakes of meanwhile were dropped."""
    one, told, slow = leader(server, clock, "a"), [], [10]

    async def late(attempt=one._try):
        found = await attempt()
        clock.now += slow.pop() if told and slow else 0
        return found

    one._try, one._retry_s = late, 0

    async def run():
        task = asyncio.create_task(
            one.run(gained=lambda: told.append("gained"), lost=lambda: told.append("lost"))
        )
        for _ in range(50):
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(run())
    assert told == ["gained", "gained"]

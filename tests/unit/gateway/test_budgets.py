"""Retries cannot multiply an outage, and places follow what the upstream can do."""

import asyncio

import pytest

from meshop_gateway.budget import RetryBudget
from meshop_gateway.shed import AdaptiveLimit

pytestmark = pytest.mark.unit


def test_retries_are_a_share_of_the_requests():
    budget = RetryBudget(ratio=0.1, reserve=10)
    spent = 0
    for _ in range(1_000):
        budget.earn()
        spent += budget.spend()
    assert 100 <= spent <= 111


def test_no_ratio_no_retries():
    budget = RetryBudget(ratio=0)
    budget.earn()
    assert not budget.spend()


def limit_on(loop: asyncio.AbstractEventLoop, **more: float) -> AdaptiveLimit:
    values = {"floor": 4, "ceiling": 512, "target_s": 0.1, "queue_s": 0.02, **more}
    return AdaptiveLimit(loop=loop, **values)  # type: ignore[arg-type]


def run_windows(limit: AdaptiveLimit, clock: list[float], *, latency: float, windows: int) -> None:
    """As many requests at once as there are places, each window anew."""
    for _ in range(windows):
        entered = 0
        while limit.try_enter():
            entered += 1
        clock[0] += 0.2
        for _ in range(entered):
            limit.leave(latency)


class Clock(asyncio.SelectorEventLoop):
    """A loop whose time is set by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.now = [0.0]

    def time(self) -> float:
        return self.now[0]


@pytest.fixture
def loop():
    loop = Clock()
    yield loop
    loop.close()


def test_slow_answers_take_places_away_down_to_the_floor(loop):
    limit = limit_on(loop)
    before = limit.limit
    run_windows(limit, loop.now, latency=1.0, windows=1)
    assert limit.limit < before
    run_windows(limit, loop.now, latency=1.0, windows=60)
    assert limit.limit == 4


def test_quick_answers_give_places_back_up_to_the_ceiling(loop):
    limit = limit_on(loop, ceiling=64)
    run_windows(limit, loop.now, latency=1.0, windows=60)
    run_windows(limit, loop.now, latency=0.01, windows=500)
    assert limit.limit == 64


def test_unused_places_do_not_grow(loop):
    limit = limit_on(loop)
    before = limit.limit
    for _ in range(500):
        assert limit.try_enter()
        loop.now[0] += 0.05
        limit.leave(0.01)
    assert limit.limit == before


def test_who_finds_no_place_waits_briefly_and_is_shed():
    async def scenario() -> None:
        limit = limit_on(asyncio.get_running_loop(), ceiling=4)
        for _ in range(4):
            assert limit.try_enter()
        assert not await limit.enter()
        assert (limit.shed, limit.in_flight) == (1, 4)
        waiting = asyncio.create_task(limit.enter())
        await asyncio.sleep(0)
        limit.leave(0.01)
        assert await waiting
        assert limit.in_flight == 4

    asyncio.run(scenario())


def test_cancelled_waiter_leaves_no_place_taken():
    async def scenario() -> None:
        limit = limit_on(asyncio.get_running_loop(), ceiling=4, queue_s=5)
        for _ in range(4):
            limit.try_enter()
        waiting = asyncio.create_task(limit.enter())
        await asyncio.sleep(0)
        limit.leave(0.01)  # gives the place to the one that waits
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        for _ in range(3):
            limit.leave(0.01)
        assert limit.in_flight == 0

    asyncio.run(scenario())

"""Each key once, never twice at a time, later if asked for."""

import asyncio

from meshop_operator.workqueue import WorkQueue


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario(), 5))


def test_a_key_that_is_added_twice_comes_once():
    async def scenario():
        queue = WorkQueue()
        queue.add("a")
        queue.add("a")
        queue.add("b")
        return [await queue.get(), await queue.get(), queue._ready.empty()]

    assert run(scenario) == ["a", "b", True]


def test_a_key_that_is_worked_on_comes_again_afterwards_and_not_before():
    async def scenario():
        queue = WorkQueue()
        queue.add("a")
        key = await queue.get()
        queue.add("a")
        before = queue._ready.empty()
        queue.done(key)
        return before, await queue.get()

    assert run(scenario) == (True, "a")


def test_what_is_to_come_later_comes_at_the_earliest_moment_that_was_asked_for():
    async def scenario():
        now = [100.0]
        queue = WorkQueue(clock=lambda: now[0])
        queue.add("a", 60)
        queue.add("a", 5)
        queue.add("a", 30)
        assert queue._bring() == 5
        now[0] += 5
        queue._bring()
        assert await queue.get() == "a"
        queue.done("a")
        now[0] += 100
        queue._bring()
        return queue._ready.empty()

    assert run(scenario)


def test_what_waits_is_brought_while_it_runs():
    async def scenario():
        queue = WorkQueue()
        task = asyncio.create_task(queue.run())
        queue.add("a", 0.05)
        found = await queue.get()
        task.cancel()
        return found

    assert run(scenario) == "a"


def test_forgetting_leaves_nothing():
    async def scenario():
        queue = WorkQueue()
        queue.add("a")
        queue.add("b", 0.01)
        queue.clear()
        queue._bring()
        return queue._ready.empty()

    assert run(scenario)

"""Deadlines, retries, breakers."""

import pytest

from meshop_shared.resilience import (
    BreakerOpen,
    BreakerState,
    CircuitBreaker,
    Deadline,
    DeadlineExceeded,
    retry_call,
)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def failing() -> None:
    raise ConnectionError


def test_deadline_shrinks_timeouts_and_then_refuses() -> None:
    clock = Clock()
    deadline = Deadline(2.0, clock=clock)
    assert deadline.timeout(5.0) == 2.0
    clock.now = 1.5
    assert deadline.timeout(0.1) == 0.1
    assert deadline.timeout(5.0) == 0.5
    clock.now = 2.0
    with pytest.raises(DeadlineExceeded):
        deadline.remaining()


def test_breaker_opens_rests_probes_once_and_closes() -> None:
    clock, seen = Clock(), []
    breaker = CircuitBreaker(
        "search", failures=3, reset_s=5, clock=clock, on_change=lambda name, state: seen.append(state)
    )
    for _ in range(3):
        with pytest.raises(ConnectionError):
            breaker.call(failing)
    with pytest.raises(BreakerOpen):
        breaker.call(lambda: "never called")
    clock.now = 5
    breaker.admit()
    with pytest.raises(BreakerOpen):
        breaker.admit()  # one probe at a time
    breaker.succeed()
    assert breaker.call(lambda: "served") == "served"
    assert seen == [BreakerState.OPEN, BreakerState.HALF_OPEN, BreakerState.CLOSED]


def test_failed_probe_opens_again() -> None:
    clock = Clock()
    breaker = CircuitBreaker("search", failures=1, reset_s=5, clock=clock)
    with pytest.raises(ConnectionError):
        breaker.call(failing)
    clock.now = 5
    with pytest.raises(ConnectionError):
        breaker.call(failing)
    clock.now = 9
    with pytest.raises(BreakerOpen):
        breaker.admit()


def test_other_exceptions_do_not_open_the_breaker() -> None:
    breaker = CircuitBreaker("search", failures=1, counts=(ConnectionError,))

    def not_found() -> None:
        raise KeyError

    for _ in range(3):
        with pytest.raises(KeyError):
            breaker.call(not_found)
    assert breaker.state is BreakerState.CLOSED


def test_retry_repeats_only_what_is_listed() -> None:
    calls = []

    def twice() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise ConnectionError
        return "done"

    assert retry_call(twice, on=(ConnectionError,), attempts=3, base_s=0) == "done"
    with pytest.raises(KeyError):
        retry_call(lambda: {}["x"], on=(ConnectionError,), attempts=3)
    with pytest.raises(ConnectionError):
        retry_call(failing, on=(ConnectionError,), attempts=2, base_s=0)


def opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker("search", failures=2, reset_s=5, clock=clock)
    breaker.trip()
    return breaker


def test_tripped_breaker_rests_like_one_that_failed() -> None:
    clock = Clock()
    breaker = opened(clock)
    with pytest.raises(BreakerOpen):
        breaker.admit()
    clock.now = 5
    assert breaker.admit() is True
    breaker.succeed()
    assert breaker.admit() is False


def test_abandoned_probe_lets_the_next_call_probe() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 5
    breaker.admit()
    breaker.abandon(epoch=breaker.epoch)
    assert breaker.admit() is True


def test_call_that_is_not_the_probe_cannot_abandon_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    before = breaker.epoch
    clock.now = 5
    breaker.admit()
    breaker.abandon(epoch=before)
    with pytest.raises(BreakerOpen):
        breaker.admit()


def test_late_failures_neither_prolong_the_rest_nor_open_again() -> None:
    clock = Clock()
    breaker = CircuitBreaker("search", failures=2, reset_s=5, clock=clock)
    before = breaker.epoch
    breaker.fail()
    breaker.fail()
    clock.now = 4
    breaker.fail()
    clock.now = 5
    assert breaker.admit() is True
    breaker.succeed()
    for _ in range(5):
        breaker.fail(epoch=before)
    assert breaker.state is BreakerState.CLOSED

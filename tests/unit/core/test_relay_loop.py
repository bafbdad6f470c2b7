"""The relay's loop outlives what it depends on."""

import pytest
from django.db import OperationalError

from apps.core import relay as module
from apps.core.publisher import PublishFailed
from apps.core.relay import BACKOFF_MAX_S, Relay
from tests.support.fakes import FakePublisher


@pytest.fixture
def pauses(monkeypatch):
    """A relay whose rounds are scripted by the test; the pauses that it makes."""
    monkeypatch.setattr(Relay, "_listen", lambda self: None)
    monkeypatch.setattr(Relay, "_wait", lambda self: None)
    monkeypatch.setattr(module.connection, "close", lambda: None)
    return []


class Counting:
    """Measurements that nobody makes."""

    times = 0

    def run(self) -> None:
        self.times += 1


def relay_of(script, pauses) -> Relay:
    relay = Relay(FakePublisher(), sleep=pauses.append)
    relay._measurer = Counting()
    steps = iter(script)

    def step() -> int:
        outcome = next(steps, None)
        if outcome is None:
            relay.stop()
            return 0
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    relay.step = step
    return relay


@pytest.mark.parametrize("error", [PublishFailed("away"), OperationalError("away")])
def test_it_goes_on_after_failures_and_waits_longer_each_time(pauses, error):
    relay_of([error] * 10, pauses).run()
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == BACKOFF_MAX_S


def test_it_measures_while_the_broker_is_away(pauses):
    relay = relay_of([PublishFailed("away")] * 3, pauses)
    relay.run()
    assert relay._measurer.times == 3


def test_a_good_round_forgets_the_failures(pauses):
    relay_of([PublishFailed("away"), PublishFailed("away"), 3, PublishFailed("away")], pauses).run()
    assert pauses[2] == pauses[0]


def test_a_bug_is_not_swallowed(pauses):
    with pytest.raises(KeyError):
        relay_of([KeyError("bug")], pauses).run()

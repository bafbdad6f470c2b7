"""The relay and the consumers die by SIGKILL at each commit boundary; afterwards every event has its effect once.

Payments have a crash matrix of their own; together they name every failpoint there is.
"""

import re

import pytest
from django.db import transaction

from apps.core.deadletters import deadletter_list, deadletter_replay
from apps.core.events import event_emit
from apps.core.models import EventRetry, InboxEvent, OutboxEvent
from config.celery import app
from tests.chaos.test_chaos import PLACED
from tests.support.backbone import effects
from tests.support.polling import wait_until
from tests.support.programs import Programs
from tools.paths import BACKEND

RELAY = (
    "relay.before_publish",
    "relay.before_confirm",
    "relay.after_confirm",
    "relay.before_commit",
    "relay.after_commit",
)
RELAY_RETRIES = ("relay.retry_before_commit",)
CONSUMER = ("consumer.before_effect", "consumer.before_commit", "consumer.after_commit")

pytestmark = pytest.mark.timeout(600)


@transaction.atomic
def emit(type: str = "order.placed") -> OutboxEvent:
    payload = PLACED if type == "order.placed" else {k: v for k, v in PLACED.items() if k != "lines"}
    return event_emit(type=type, aggregate="order:1", payload=payload)


def settled(event: OutboxEvent) -> bool:
    """The event has had its effect, and nobody has anything left to do."""
    published = OutboxEvent.objects.filter(published_at__isnull=True).count() == 0
    return (
        published
        and event.event_id in effects()
        and InboxEvent.objects.filter(event_id=event.event_id).exists()
    )


def test_every_failpoint_of_core_is_in_the_matrix():
    source = "".join(path.read_text() for path in (BACKEND / "apps" / "core").rglob("*.py"))
    named = set(re.findall(r'failpoint\("([^"]+)"\)', source))
    assert named == {*RELAY, *RELAY_RETRIES, *CONSUMER}


def test_the_relay_dies_anywhere(programs: Programs):
    programs.worker(queues="default", concurrency=1)
    for place in RELAY:
        dying = programs.relay(MESHOP_FAILPOINT=place)
        event = emit()
        assert dying.wait(timeout=60) == -9, place
        relay = programs.relay()
        wait_until(lambda event=event: settled(event), timeout_s=60, what=f"the event after {place}")
        programs.kill(relay)
    assert set(effects().values()) == {1}


def test_the_relay_ends_in_order_when_told_to(programs: Programs):
    relay = programs.relay()
    emit()
    wait_until(lambda: not OutboxEvent.objects.filter(published_at__isnull=True).exists(), timeout_s=60)
    assert programs.stop(relay) == 0


def test_the_relay_dies_between_sending_a_retry_and_marking_it(programs: Programs):
    """The retry is sent twice; the failure is counted by what the consumer does, so nothing else doubles."""
    programs.worker(queues="default", concurrency=1)
    relay = programs.relay()
    event = emit("order.cancelled")
    wait_until(lambda: EventRetry.objects.filter(attempts=1).exists(), timeout_s=60)
    programs.stop(relay)
    dying = programs.relay(MESHOP_FAILPOINT=RELAY_RETRIES[0])
    assert dying.wait(timeout=60) == -9
    relay = programs.relay()
    wait_until(lambda: EventRetry.objects.filter(is_dead=True, due_at=None).exists(), timeout_s=60)
    assert EventRetry.objects.get().event_id == event.event_id


@pytest.mark.parametrize("place", CONSUMER)
def test_the_consumer_dies_anywhere(programs: Programs, place: str):
    programs.relay()
    dying = programs.worker(queues="default", concurrency=1, MESHOP_FAILPOINT=place)
    event = emit()
    wait_until(lambda: worker_lost(programs), timeout_s=60, what="the death of a pool process")
    programs.kill(dying)
    programs.worker(queues="default", concurrency=1)
    wait_until(lambda: settled(event), timeout_s=60, what=f"the event after {place}")
    assert dict(effects()) == {event.event_id: 1}


def test_what_kills_every_worker_becomes_a_dead_letter_and_can_be_replayed(
    broker, programs: Programs, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(app.conf, "broker_url", broker.server.url())
    programs.relay()
    dying = programs.worker(queues="default", concurrency=1, MESHOP_FAILPOINT="consumer.before_effect")
    event = emit()
    wait_until(lambda: dead(), timeout_s=120, every_s=0.5, what="the dead letter")
    programs.kill(dying)
    (letter,) = deadletter_list(app=app, queue="default")
    assert (letter.event_id, letter.consumer) == (str(event.event_id), "tests.count")
    assert letter.error == "it brought a worker down each time"
    assert deadletter_replay(app=app, queue="default") == 1
    programs.worker(queues="default", concurrency=1)
    wait_until(lambda: settled(event), timeout_s=60)
    assert dict(effects()) == {event.event_id: 1}
    assert not dead()


def dead() -> bool:
    return bool(deadletter_list(app=app, queue="default"))


def worker_lost(programs: Programs) -> bool:
    return any("signal 9 (SIGKILL)" in path.read_text() for path in programs.logs())

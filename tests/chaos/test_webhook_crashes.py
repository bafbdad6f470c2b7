"""Workers die by SIGKILL around calls of merchants' endpoints: no event is lost, and which may arrive twice is said.

The whole way: outbox, relay, RabbitMQ, worker, receiver. ``tests/integration/webhooks/test_crashes.py`` has the rarer
cases, without the processes.
"""

from collections import Counter

import pytest

from apps.core.models import EventRetry, OutboxEvent
from apps.webhooks.models import WebhookDelivery
from apps.webhooks.services.claims import MAX_IN_FLIGHT
from config.celery import app
from tests.chaos.test_crash_matrix import CONSUMER, worker_lost
from tests.integration.webhooks.test_crashes import CALLS
from tests.support.polling import wait_until
from tests.support.programs import Programs
from tests.support.receiver import Receiver, Reply
from tests.support.webhooks import emit, endpoint_make, time_passes

pytestmark = pytest.mark.timeout(600)
KILLS = 8


@pytest.fixture
def shop(broker, monkeypatch, settings):
    """What makes programs those of the shop, with its own consumers."""
    settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_targets": "any"})
    monkeypatch.setattr(app.conf, "broker_url", broker.server.url())
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "WEBHOOK_TARGETS": "any",
        "WEBHOOK_TIMEOUT_S": "1",
    }


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def sweep() -> None:
    """What beat does, with every lease and pause over."""
    time_passes()
    app.send_task("apps.webhooks.tasks.send_due")


def delivered(count: int) -> bool:
    return WebhookDelivery.objects.filter(state="delivered").count() == count


def ids(receiver: Receiver) -> Counter[str]:
    return Counter(got.headers["webhook-id"] for got in receiver.got)


def test_the_matrix_is_that_of_the_consumer_and_the_call():
    assert set(CALLS) == {*CONSUMER, "delivery.claimed", "delivery.sent"}


@pytest.mark.parametrize("place", CALLS)
def test_the_worker_dies_on_the_way_to_the_receiver(programs: Programs, shop, receiver, place):
    endpoint_make(receiver.url, "order.*")
    programs.relay(**shop)
    dying = programs.worker(queues="webhooks", concurrency=1, **shop, MESHOP_FAILPOINT=place)
    emit()
    wait_until(lambda: worker_lost(programs), timeout_s=60, what="the death of a pool process")
    programs.kill(dying)
    programs.worker(queues="webhooks", concurrency=1, **shop)
    wait_until(WebhookDelivery.objects.exists, timeout_s=60, what=f"the promise after {place}")
    if place.startswith("delivery."):
        assert WebhookDelivery.objects.get().state == "sending"
        sweep()
    wait_until(lambda: delivered(1), timeout_s=60, what=f"the delivery after {place}")
    assert list(ids(receiver).values()) == [CALLS[place]]
    assert not EventRetry.objects.exists()


def test_workers_die_at_random_and_one_endpoint_is_dead(programs: Programs, shop, receiver):
    dead = Receiver()
    dead.close()
    endpoint_make(dead.url)
    endpoint_make(receiver.url)
    receiver.always = Reply(200, b"x" * 10_000)
    programs.relay(**shop)
    worker = programs.worker(queues="webhooks", concurrency=2, **shop)
    count = kills = sweeps = 0
    while kills < KILLS:
        some = len(receiver.got) + 5
        emit(count=25)
        count += 25
        wait_until(lambda some=some: len(receiver.got) > some, timeout_s=60)
        kills += programs.kill_child(worker)
        sweep()
        sweeps += 1
    events = {str(event_id) for event_id in OutboxEvent.objects.values_list("event_id", flat=True)}

    def all_arrived() -> bool:
        nonlocal sweeps
        sweeps += 1
        sweep()
        return delivered(count)

    wait_until(all_arrived, timeout_s=120, every_s=1.0, what=f"{count} deliveries")
    got = ids(receiver)
    assert got.keys() == events
    # What was in flight to the endpoint when a worker died, or when we ended the leases of the living.
    assert sum(got.values()) - len(got) <= MAX_IN_FLIGHT * (kills + sweeps)

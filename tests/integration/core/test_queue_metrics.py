"""Queues are counted, the empty ones too, and a broker that is away is seen."""

import pytest
from celery import Celery
from prometheus_client import REGISTRY

from apps.core import queue_metrics
from apps.core.broker import QUEUES, queues_all, work_queue

pytestmark = pytest.mark.integration


@pytest.fixture
def broker(settings, monkeypatch):
    app = Celery(broker=settings.MESHOP.redis_url, set_as_current=False)
    app.conf.broker_transport_options = {"global_keyprefix": "queue-metrics:"}
    monkeypatch.setattr(queue_metrics, "current_app", app)
    yield app
    with app.connection_for_write() as connection:
        for queue in queues_all():
            queue(connection.default_channel).purge()


def sample(name, **labels):
    return REGISTRY.get_sample_value(name, labels)


def test_messages_are_counted_and_empty_queues_are_none(broker):
    with broker.connection_for_write() as connection:
        queue = work_queue("email")(connection.default_channel)
        queue.declare()
        for _ in range(3):
            connection.Producer().publish({}, routing_key="email.x", exchange=queue.exchange)
    queue_metrics.queues_measure()
    assert sample("meshop_broker_up") == 1
    assert {name: sample("meshop_queue_messages", queue=name) for name in QUEUES} == {
        name: 3 if name == "email" else 0 for name in QUEUES
    }


def test_a_broker_that_is_away_is_seen(monkeypatch):
    monkeypatch.setattr(
        queue_metrics, "current_app", Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
    )
    with pytest.raises(OSError, match="does not answer"):
        queue_metrics.queues_measure()
    assert sample("meshop_broker_up") == 0

"""What beat sends while nobody works is dropped by who works next, and bothers no person."""

from kombu import Connection

from apps.core.broker import dead_queue, work_queue
from config.celery import app
from tests.support.polling import wait_until

TASK = "apps.analytics.tasks.sweep"
QUEUE = "analytics"


def waiting(broker, queue) -> int:
    with Connection(broker.server.url()) as connection:
        return queue(connection.default_channel).queue_declare(passive=True).message_count


def test_a_tick_that_is_late_is_no_dead_letter(broker, programs, monkeypatch):
    monkeypatch.setattr(app.conf, "broker_url", broker.server.url())
    with Connection(broker.server.url()) as connection:
        app.send_task(TASK, expires=0.2, connection=connection)
        app.send_task(TASK, connection=connection)
    wait_until(lambda: waiting(broker, work_queue(QUEUE)) == 2)
    programs.worker(queues=QUEUE)
    wait_until(lambda: waiting(broker, work_queue(QUEUE)) == 0, timeout_s=60)
    assert waiting(broker, dead_queue(QUEUE)) == 0

"""Workers die by SIGKILL between an order and its mail; the customer gets the mail, and which may come twice is said.

The whole way: outbox, relay, RabbitMQ, worker, mail server. ``tests/integration/notifications/test_crashes.py`` has
the rarer cases, without the processes.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.models import EventRetry, InboxEvent, OutboxEvent
from apps.notifications.models import EmailLog, Notification
from config.celery import app
from tests.chaos.test_crash_matrix import CONSUMER, RELAY, worker_lost
from tests.integration.notifications.test_crashes import MAILS
from tests.support.mail_server import MailServer
from tests.support.payments import order_make
from tests.support.polling import wait_until
from tests.support.programs import Programs

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def mail_server():
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def shop(broker, mail_server, monkeypatch):
    """What makes programs those of the shop, with its own consumers."""
    monkeypatch.setattr(app.conf, "broker_url", broker.server.url())
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
    }


def published() -> bool:
    return not OutboxEvent.objects.filter(published_at__isnull=True).exists()


def told() -> bool:
    return InboxEvent.objects.filter(consumer="notifications.tell").exists() and EmailLog.objects.exists()


def sent() -> bool:
    return EmailLog.objects.filter(state="sent").exists()


def assert_told_once() -> None:
    event = OutboxEvent.objects.get(type="order.placed")
    assert EmailLog.objects.get().event_id == Notification.objects.get().event_id == event.event_id
    assert InboxEvent.objects.filter(event_id=event.event_id, consumer="notifications.tell").count() == 1
    assert not EventRetry.objects.exists()


def test_the_matrix_is_that_of_the_consumer_and_the_mail():
    assert set(MAILS) == {*CONSUMER, "email.claimed", "email.handed_over"}


@pytest.mark.parametrize("place", MAILS)
def test_the_worker_dies_on_the_way_to_the_mail(programs: Programs, shop, mail_server, place):
    programs.relay(**shop)
    dying = programs.worker(queues="email", concurrency=1, **shop, MESHOP_FAILPOINT=place)
    order_make()
    wait_until(lambda: worker_lost(programs), timeout_s=60, what="the death of a pool process")
    programs.kill(dying)
    programs.worker(queues="email", concurrency=1, **shop)
    wait_until(told, timeout_s=60, what=f"the promise of a mail after {place}")
    if place.startswith("email."):
        assert EmailLog.objects.get().state == "sending"
        EmailLog.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))  # the lease ends
        app.send_task("apps.notifications.tasks.send_due_mails")  # as beat does
    wait_until(sent, timeout_s=60, what=f"the mail after {place}")
    wait_until(published, timeout_s=60)
    assert len(mail_server.received) == MAILS[place]
    assert len({message["Message-ID"] for message in mail_server.received}) == 1
    assert_told_once()


def test_the_relay_dies_anywhere_and_every_customer_gets_one_mail(programs: Programs, shop, mail_server):
    programs.worker(queues="email", concurrency=1, **shop)
    for count, place in enumerate(RELAY, start=1):
        dying = programs.relay(**shop, MESHOP_FAILPOINT=place)
        order_make()
        assert dying.wait(timeout=60) == -9, place
        relay = programs.relay(**shop)
        wait_until(
            lambda count=count: EmailLog.objects.filter(state="sent").count() == count,
            timeout_s=60,
            what=f"the mail after {place}",
        )
        wait_until(published, timeout_s=60)
        programs.kill(relay)
    assert len(mail_server.received) == len({message["To"] for message in mail_server.received}) == len(RELAY)

"""From the outbox to the publisher: nothing is lost, nothing is marked that the broker does not have."""

import threading

import pytest
from django.db import connection, transaction
from pydantic import ValidationError

import config.subscriptions
from apps.core.events import WAKE_CHANNEL, event_emit, event_message
from apps.core.models import OutboxEvent
from apps.core.publisher import PublishFailed
from apps.core.relay import Relay, outbox_publish
from apps.core.subscriptions import Subscription
from apps.webhooks.models import WebhookEndpoint
from meshop_shared.events import UnknownEvent
from tests.support.fakes import FakePublisher
from tests.support.polling import wait_until
from tests.support.threads import run_together
from tests.support.webhooks import endpoint_make

pytestmark = pytest.mark.django_db(transaction=True)

PAID = {"order_id": 1, "number": "M-1", "user_id": None, "currency": "GBP", "total_minor": 100}
SUBSCRIPTIONS = (
    Subscription("one", ("order.*",), "default", "x"),
    Subscription("two", ("order.paid",), "email", "x"),
)


@pytest.fixture(autouse=True)
def _subscriptions(settings):
    settings.SUBSCRIPTIONS = SUBSCRIPTIONS


@transaction.atomic
def emit(type: str = "order.paid") -> OutboxEvent:
    return event_emit(type=type, aggregate="order:1", payload=PAID)


def unpublished() -> int:
    return OutboxEvent.objects.filter(published_at__isnull=True).count()


def test_an_event_that_does_not_fit_its_schema_fails_the_change():
    with pytest.raises(ValidationError), transaction.atomic():
        event_emit(type="order.paid", aggregate="order:1", payload={"order_id": 1})
    with pytest.raises(UnknownEvent), transaction.atomic():
        event_emit(type="order.eaten", aggregate="order:1", payload=PAID)
    assert OutboxEvent.objects.count() == 0


def test_every_subscriber_gets_it_once():
    paid, delivered = emit(), emit("order.delivered")
    publisher = FakePublisher()
    assert outbox_publish(publisher=publisher) == 2
    assert publisher.confirmed == [
        ("one", "default", event_message(paid), 0),
        ("two", "email", event_message(paid), 0),
        ("one", "default", event_message(delivered), 0),
    ]
    assert unpublished() == 0
    assert outbox_publish(publisher=publisher) == 0


def test_webhooks_hear_of_events_while_somebody_listens(settings):
    settings.SUBSCRIPTIONS = [found for found in config.subscriptions.SUBSCRIPTIONS if found.listens]
    endpoint = endpoint_make("https://merchant.example/hook", "order.*")
    heard = []
    for is_enabled in (True, False, True):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(is_enabled=is_enabled)
        emit()
        publisher = FakePublisher()
        assert outbox_publish(publisher=publisher) == 1
        heard.append([consumer for consumer, *_ in publisher.confirmed])
    assert heard == [["webhooks.deliver"], [], ["webhooks.deliver"]]


def test_events_that_nobody_wants_are_done_with():
    with transaction.atomic():
        event_emit(
            type="review.voted",
            aggregate="review:1",
            payload=dict.fromkeys(("review_id", "product_id", "helpful_count"), 1),
        )
    assert outbox_publish(publisher=FakePublisher()) == 1
    assert unpublished() == 0


def test_what_was_not_confirmed_is_published_again():
    emit()
    publisher = FakePublisher()
    publisher.down = True
    with pytest.raises(PublishFailed):
        outbox_publish(publisher=publisher)
    assert unpublished() == 1
    publisher.down = False
    outbox_publish(publisher=publisher)
    assert (len(publisher.confirmed), unpublished()) == (2, 0)


def test_two_relays_share_the_work():
    """Red without SKIP LOCKED: the second would wait for the first, or publish the same."""
    emit()
    first_has_it, second_is_done = threading.Event(), threading.Event()
    first, second = FakePublisher(), FakePublisher()

    def confirm() -> None:
        first_has_it.set()
        assert second_is_done.wait(10)
        FakePublisher.confirm(first)

    first.confirm = confirm  # type: ignore[method-assign]

    def publish_first() -> None:
        outbox_publish(publisher=first)
        connection.close()

    thread = threading.Thread(target=publish_first)
    thread.start()
    assert first_has_it.wait(10)
    assert outbox_publish(publisher=second) == 0
    second_is_done.set()
    thread.join()
    assert (len(first.confirmed), len(second.confirmed), unpublished()) == (2, 0, 0)


def test_a_commit_wakes_the_relay_and_a_rollback_does_not():
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {WAKE_CHANNEL}")
    with transaction.atomic():
        emit()
        transaction.set_rollback(True)
    assert list(connection.connection.notifies(timeout=0.05)) == []
    with transaction.atomic():
        emit()
        emit()
    assert len(list(connection.connection.notifies(timeout=1, stop_after=1))) == 1
    with connection.cursor() as cursor:
        cursor.execute(f"UNLISTEN {WAKE_CHANNEL}")


def test_the_relay_publishes_at_once_and_survives_the_loss_of_its_database_connection():
    publisher = FakePublisher()
    relay = Relay(publisher, sleep=lambda _: None)
    pids: list[int] = []

    def run() -> None:
        connection.ensure_connection()
        pids.append(connection.connection.info.backend_pid)
        relay.run()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        emit()
        wait_until(lambda: len(publisher.confirmed) == 2)
        wait_until(lambda: unpublished() == 0, what="both are marked: otherwise they come once more")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pids[0]])
        emit()
        wait_until(lambda: len(publisher.confirmed) == 4)
        publisher.down = True
        emit()
        publisher.down = False
        wait_until(lambda: unpublished() == 0)
    finally:
        relay.stop()
        thread.join(10)
    assert not thread.is_alive()


def test_marks_do_not_wait_for_the_disk():
    """What a crashed database forgets of them is published again, which the inbox takes for what it is."""

    def setting() -> str:
        Relay(FakePublisher())._listen()
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            return str(cursor.fetchone()[0])

    assert run_together([setting]) == ["off"]

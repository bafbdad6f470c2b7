"""An event has its effect exactly once, and a failure is written down and repeated."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core.events import event_emit, event_message
from apps.core.inbox import event_deliver, retry_pause
from apps.core.models import EventRetry, InboxEvent
from apps.core.relay import retries_publish
from apps.core.subscriptions import Subscription
from tests.support.backbone import effects, effects_create
from tests.support.fakes import FakePublisher
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)

PAID = {"order_id": 1, "number": "M-1", "user_id": None, "currency": "GBP", "total_minor": 100}
COUNT = Subscription("tests.count", ("order.*",), "default", "tests.support.backbone.effect_count")
HALF = Subscription(
    "tests.half", ("order.*",), "email", "tests.support.backbone.effect_then_refuse", attempts=3
)


@pytest.fixture(autouse=True)
def _consumers(settings):
    settings.SUBSCRIPTIONS = (COUNT, HALF)
    effects_create()


@pytest.fixture
def message():
    with transaction.atomic():
        return event_message(event_emit(type="order.paid", aggregate="order:1", payload=PAID))


def make_due() -> None:
    EventRetry.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_many_deliveries_at_once_have_one_effect(message):
    """Red without the inbox: as many effects as deliveries."""
    results = run_together([lambda: event_deliver(consumer="tests.count", message=message)] * 12, at_once=12)
    assert results == [None] * 12
    assert list(effects().values()) == [1]
    assert not EventRetry.objects.exists()


def test_a_failure_leaves_no_effect_and_is_repeated_after_a_pause(message):
    before = timezone.now()
    event_deliver(consumer="tests.half", message=message)
    assert not effects()
    assert not InboxEvent.objects.exists()
    failure = EventRetry.objects.get()
    assert (failure.attempts, failure.is_dead) == (1, False)
    assert failure.error == "RuntimeError: this consumer never can"
    assert failure.due_at > before + timedelta(seconds=1)
    publisher = FakePublisher()
    assert retries_publish(publisher=publisher) == 0
    make_due()
    assert retries_publish(publisher=publisher) == 1
    assert publisher.confirmed == [("tests.half", "email", message, 1)]
    assert retries_publish(publisher=publisher) == 0


def test_after_the_last_attempt_it_is_a_dead_letter(message):
    publisher = FakePublisher()
    for attempt in range(HALF.attempts):
        event_deliver(consumer="tests.half", message=message, attempt=attempt)
    assert EventRetry.objects.get().is_dead
    retries_publish(publisher=publisher)
    assert publisher.dead == [("tests.half", "email", message, "RuntimeError: this consumer never can")]
    assert EventRetry.objects.get().due_at is None


def test_success_forgets_the_failures(message, settings):
    event_deliver(consumer="tests.half", message=message)
    settings.SUBSCRIPTIONS = (
        Subscription("tests.half", ("order.*",), "email", "tests.support.backbone.effect_count"),
    )
    event_deliver(consumer="tests.half", message=message, attempt=1)
    assert not EventRetry.objects.exists()
    assert list(effects().values()) == [1]


def test_a_repetition_after_success_forgets_the_failures_too(message):
    event_deliver(consumer="tests.count", message=message)
    EventRetry.objects.create(event_id=message["id"], consumer="tests.count", message=message, attempts=1)
    event_deliver(consumer="tests.count", message=message, attempt=1)
    assert not EventRetry.objects.exists()
    assert list(effects().values()) == [1]


def test_a_consumer_that_this_release_does_not_know_is_tried_again_later(message):
    event_deliver(consumer="tests.future", message=message)
    failure = EventRetry.objects.get()
    assert not failure.is_dead
    assert "tests.future" in failure.error


def test_a_field_that_this_release_does_not_know_is_ignored(message):
    message["payload"]["invented_later"] = True
    event_deliver(consumer="tests.count", message=message)
    assert list(effects().values()) == [1]


def test_pauses_double_up_to_a_bound():
    pauses = [retry_pause(attempts).total_seconds() for attempts in range(1, 40)]
    assert 1.5 <= pauses[0] <= 2.5
    assert 24 <= pauses[4] <= 40
    assert max(pauses) <= 750

"""Events reach the endpoints that want them, signed, once; what fails is repeated, and nobody waits for the dead."""

import threading
import time
from datetime import timedelta

import orjson
import pytest
from django.db import connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from apps.core.events import event_emit
from apps.core.models import OutboxEvent
from apps.webhooks.models import WebhookAttempt, WebhookDelivery
from apps.webhooks.services.claims import MAX_IN_FLIGHT, deliveries_claim
from apps.webhooks.services.endpoints import endpoint_change, endpoint_secret_rotate
from apps.webhooks.services.outcomes import MAX_FAILURES
from apps.webhooks.services.pruning import deliveries_prune
from apps.webhooks.services.sending import deliveries_send_due
from tests.support.delivery import events_deliver
from tests.support.receiver import Receiver, Reply
from tests.support.threads import run_together
from tests.support.webhooks import PAID, emit, endpoint_make, happen, time_passes

pytestmark = pytest.mark.django_db(transaction=True)


def meanwhile(change, **values):
    """Change something while a call is under way, from the receiver's thread."""

    def run():
        change(**values)
        connection.close()

    return run


def states():
    return list(WebhookDelivery.objects.order_by("id").values_list("state", flat=True))


def test_what_arrives(receiver):
    endpoint = endpoint_make(receiver.url, "order.*")
    happen()
    event, (got,) = OutboxEvent.objects.get(), receiver.got
    assert got.path == "/hooks?shop=1"
    assert got.headers["Host"] == f"127.0.0.1:{receiver.port}"
    assert got.headers["Content-Type"] == "application/json"
    assert orjson.loads(got.body) == {
        "id": str(event.event_id),
        "type": "order.paid",
        "version": 1,
        "aggregate": "order:1",
        "created_at": event.created_at.isoformat(),
        "payload": PAID,
    }
    delivery, attempt = WebhookDelivery.objects.get(), WebhookAttempt.objects.get()
    assert (delivery.endpoint, delivery.state, delivery.attempts) == (endpoint, "delivered", 1)
    assert (attempt.status_code, attempt.response, attempt.error) == (200, "thank you", "")
    assert delivery.delivered_at is not None


def test_the_standards_own_library_verifies(receiver):
    endpoint = endpoint_make(receiver.url)
    happen()
    (got,) = receiver.got
    headers = {name.lower(): value for name, value in got.headers.items()}
    assert Webhook(endpoint.secret).verify(got.body, headers)["type"] == "order.paid"
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(got.body.replace(b"100", b"101"), headers)


def test_both_secrets_verify_until_the_overlap_is_over(receiver):
    old = endpoint_make(receiver.url)
    new = endpoint_secret_rotate(endpoint_id=old.pk, overlap=timedelta(hours=1))
    happen()
    type(new).objects.update(previous_secret_until=timezone.now())
    happen()
    during, after = [
        (got.body, {name.lower(): value for name, value in got.headers.items()}) for got in receiver.got
    ]
    assert new.secret != old.secret
    for secret in (new.secret, old.secret):
        Webhook(secret).verify(*during)
    Webhook(new.secret).verify(*after)
    with pytest.raises(WebhookVerificationError):
        Webhook(old.secret).verify(*after)


def test_only_what_an_endpoint_wants_and_only_public_events(receivers):
    everything, orders, off = receivers(), receivers(), receivers()
    endpoint_make(everything.url, "*")
    endpoint_make(orders.url, "order.shipped", "refund.*")
    endpoint_make(off.url, is_enabled=False)
    happen("order.paid")
    happen("order.shipped", tracking="1Z")
    with transaction.atomic():
        event_emit(type="user.password_reset_requested", aggregate="user:1", payload={"user_id": 1})
    events_deliver()
    types = [[orjson.loads(got.body)["type"] for got in one.got] for one in (everything, orders, off)]
    assert types == [["order.paid", "order.shipped"], ["order.shipped"], []]


def test_an_event_that_comes_again_is_delivered_once(receiver):
    endpoint_make(receiver.url)
    emit()
    assert events_deliver(times=3) == ["order.paid"]
    assert (len(receiver.got), states()) == (1, ["delivered"])


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_what_is_not_2xx_is_repeated_and_redirects_are_not_followed(receiver, receivers, status):
    elsewhere = receivers()
    receiver.replies.append(Reply(status, b"no", {"Location": elsewhere.url}))
    endpoint = endpoint_make(receiver.url)
    happen()
    assert (states(), elsewhere.got) == (["queued"], [])
    attempt = WebhookAttempt.objects.get()
    assert (attempt.status_code, attempt.response) == (status, "no")
    assert str(status) in attempt.error
    assert deliveries_send_due() == 0  # not yet
    time_passes()
    assert deliveries_send_due() == 1
    assert states() == ["delivered"]
    first, again = receiver.got
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    endpoint.refresh_from_db()
    assert (endpoint.consecutive_failures, endpoint.paused_until) == (0, None)


def test_pauses_double_and_the_delivery_is_given_up(receiver, settings):
    settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_disable_after": 1_000})
    receiver.always = Reply(500)
    endpoint = endpoint_make(receiver.url)
    happen()
    pauses = []
    while states() == ["queued"]:
        endpoint.refresh_from_db()
        waits = (WebhookDelivery.objects.get().next_attempt_at, endpoint.paused_until)
        pauses.append(max((wait - timezone.now()).total_seconds() for wait in waits))
        time_passes()
        assert deliveries_send_due() == 1
    assert states() == ["failed"]
    assert len(receiver.got) == WebhookAttempt.objects.count() == MAX_FAILURES
    for attempt, pause in enumerate(pauses):
        assert pause == pytest.approx(min(5 * 2**attempt, 9_000), rel=0.3)
    assert 16 * 3600 < sum(pauses) < 30 * 3600


def test_disabled_after_so_many_failures_in_a_row_with_the_reason(receiver, settings):
    """Red without the count: the endpoint stays enabled."""
    settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_disable_after": 3})
    receiver.always = Reply(500, b"broken")
    endpoint = endpoint_make(receiver.url)
    happen(count=2)
    for _ in range(5):
        time_passes()
        deliveries_send_due()
    endpoint.refresh_from_db()
    assert not endpoint.is_enabled
    assert endpoint.disabled_reason.startswith("3 attempts in a row failed")
    assert "500" in endpoint.disabled_reason
    assert len(receiver.got) == 3
    assert states() == ["failed", "failed"]
    happen()
    assert len(states()) == 2  # nothing is recorded for it
    receiver.always = Reply()
    endpoint_change(endpoint_id=endpoint.pk, is_enabled=True)
    happen()
    endpoint.refresh_from_db()
    assert (states()[-1], endpoint.disabled_reason, endpoint.consecutive_failures) == ("delivered", "", 0)


def test_a_success_in_between_starts_the_count_again(receiver, settings):
    settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_disable_after": 3})
    receiver.replies.extend([Reply(500), Reply(500), Reply(200), Reply(500), Reply(500), Reply(200)])
    endpoint = endpoint_make(receiver.url)
    happen(count=2)
    for _ in range(6):
        time_passes()
        deliveries_send_due()
    endpoint.refresh_from_db()
    assert endpoint.is_enabled
    assert states() == ["delivered", "delivered"]


def test_gone_is_believed_at_once(receiver):
    receiver.always = Reply(410)
    endpoint = endpoint_make(receiver.url)
    happen()
    endpoint.refresh_from_db()
    assert (endpoint.is_enabled, states()) == (False, ["failed"])
    assert "410" in endpoint.disabled_reason


def test_a_dead_endpoint_holds_up_no_other(receivers, settings):
    """Red when failing endpoints are called by whoever applies the event, or without their pause."""
    settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_timeout_s": 0.5})
    well, dead = receivers(), receivers()
    dead.always = Reply(before=lambda: time.sleep(1.5))
    endpoint_make(dead.url)
    endpoint_make(well.url)
    begin = time.monotonic()
    happen(count=20)
    assert time.monotonic() - begin < 0.5 + 6  # one timeout, not twenty
    assert len(well.got) == 20
    assert len(dead.got) == 1
    assert states().count("delivered") == 20
    time_passes()
    deliveries_send_due()
    assert len(dead.got) == 2  # one finds out


def test_the_sweep_calls_many_endpoints_at_a_time(receivers):
    """Red when due deliveries are sent one after another: each waits for the others to arrive."""
    barrier = threading.Barrier(5)
    made = [receivers() for _ in range(5)]
    for one in made:
        one.replies.append(Reply(503))
        one.always = Reply(before=lambda: barrier.wait(1.5))
        endpoint_make(one.url)
    happen()
    time_passes()
    assert deliveries_send_due() == 5
    assert states() == ["delivered"] * 5


def test_never_more_than_so_many_calls_of_one_endpoint(receiver):
    """Red without the lock of the endpoint: every sender sees the others' claims too late."""
    endpoint = endpoint_make(receiver.url)
    happen()
    receiver.always = Reply(before=lambda: time.sleep(0.1))
    WebhookDelivery.objects.all().delete()
    with transaction.atomic():
        now = timezone.now()
        for number in range(40):
            WebhookDelivery.objects.create(
                endpoint=endpoint,
                event_id=f"{number:032x}",
                event_type="order.paid",
                body="{}",
                next_attempt_at=now,
            )
    receiver.most_at_once = 0
    run_together([deliveries_send_due] * 8, at_once=8)
    deliveries_send_due()
    assert states() == ["delivered"] * 40
    assert len({got.headers["webhook-id"] for got in receiver.got}) == len(receiver.got) == 41
    assert 1 < receiver.most_at_once <= MAX_IN_FLIGHT


def test_one_claim_per_delivery(receiver):
    endpoint_make(receiver.url, paused_until=timezone.now() + timedelta(hours=1), consecutive_failures=1)
    happen(count=3)
    assert receiver.got == []
    assert deliveries_claim(limit=10) == []
    time_passes()
    assert len(deliveries_claim(limit=10)) == 1  # of an endpoint that has been failing
    assert deliveries_claim(limit=10) == []


def test_a_sender_that_was_overtaken_only_adds_to_the_log(receiver):
    """Red if the outcome is written without comparing the attempt."""
    endpoint = endpoint_make(receiver.url)
    receiver.replies.append(Reply(500, before=meanwhile(WebhookDelivery.objects.update, attempts=2)))
    happen()
    assert states() == ["sending"]
    endpoint.refresh_from_db()
    assert endpoint.consecutive_failures == 0
    assert WebhookAttempt.objects.get().status_code == 500


def test_an_endpoint_deleted_meanwhile(receiver):
    endpoint = endpoint_make(receiver.url)
    receiver.always = Reply(before=meanwhile(endpoint.delete))
    happen()
    assert (len(receiver.got), states()) == (1, [])


def test_a_rollback_calls_nobody(receiver):
    endpoint_make(receiver.url)
    with transaction.atomic():
        event_emit(type="order.paid", aggregate="order:1", payload=PAID)
        transaction.set_rollback(True)
    events_deliver()
    assert receiver.got == []


def test_a_target_that_is_refused_by_now_is_not_called(receiver, settings):
    endpoint_make(receiver.url)
    settings.MESHOP = settings.MESHOP.model_copy(update={"webhook_targets": "public"})
    happen()
    assert (receiver.got, states()) == ([], ["queued"])
    assert "https" in WebhookAttempt.objects.get().error


def test_old_deliveries_go(receiver):
    endpoint_make(receiver.url)
    happen(count=2)
    first = WebhookDelivery.objects.earliest("id")
    WebhookDelivery.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=31))
    assert deliveries_prune() == 1
    assert WebhookAttempt.objects.count() == len(states()) == 1


def test_a_server_that_is_away(settings):
    gone = Receiver()
    gone.close()
    endpoint_make(gone.url)
    happen()
    assert "ConnectionRefusedError" in WebhookAttempt.objects.get().error
    assert states() == ["queued"]

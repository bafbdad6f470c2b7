"""A worker dies by SIGKILL around a call: no event is lost, and which may arrive twice is said."""

import re

import pytest

from apps.webhooks.models import WebhookDelivery
from apps.webhooks.services.sending import deliveries_send_due
from tests.support.delivery import events_deliver
from tests.support.forks import die_at
from tests.support.receiver import Reply
from tests.support.webhooks import emit, endpoint_make, happen, time_passes
from tools.paths import BACKEND

pytestmark = pytest.mark.django_db(transaction=True)

#: How often the endpoint gets the event, by where the worker dies.
CALLS = {
    "consumer.before_effect": 1,
    "consumer.before_commit": 1,
    "delivery.claimed": 1,
    "delivery.sent": 2,
    "consumer.after_commit": 1,
}


def test_every_failpoint_of_webhooks_is_in_the_matrix():
    source = "".join(path.read_text() for path in (BACKEND / "apps" / "webhooks").rglob("*.py"))
    assert set(re.findall(r'failpoint\("([^"]+)"\)', source)) <= CALLS.keys()


@pytest.mark.parametrize("place", CALLS)
def test_the_worker_dies(receiver, place):
    endpoint_make(receiver.url)
    emit()
    die_at(place, events_deliver)
    events_deliver(times=2)  # the broker gives the message to another worker
    assert deliveries_send_due() == 0  # the dead one may still be at it, for all we know
    time_passes()
    deliveries_send_due()
    time_passes()
    assert deliveries_send_due() == 0
    assert WebhookDelivery.objects.get().state == "delivered"
    assert len(receiver.got) == CALLS[place]
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1


@pytest.mark.parametrize(("place", "calls"), [("delivery.claimed", 1), ("delivery.sent", 2)])
def test_the_sweep_dies(receiver, place, calls):
    receiver.replies.append(Reply(503))
    endpoint_make(receiver.url)
    happen()
    time_passes()
    die_at(place, deliveries_send_due)
    time_passes()
    assert deliveries_send_due() == 1
    assert WebhookDelivery.objects.get().state == "delivered"
    assert len(receiver.got) == 1 + calls

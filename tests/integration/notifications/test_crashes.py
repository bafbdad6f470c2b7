"""A worker dies by SIGKILL while it tells a customer: no mail is lost, and which may come twice is said."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.notifications.models import EmailLog, Notification
from apps.notifications.services.mails import MAX_ATTEMPTS, emails_send_due
from tests.support.delivery import events_deliver
from tests.support.forks import die_at
from tests.support.payments import order_make
from tools.paths import BACKEND

pytestmark = pytest.mark.django_db(transaction=True)

#: How often the customer gets the mail, by where the worker dies.
MAILS = {
    "consumer.before_effect": 1,
    "consumer.before_commit": 1,
    "email.claimed": 1,
    "email.handed_over": 2,
    "consumer.after_commit": 1,
}


def lease_end():
    EmailLog.objects.filter(state="sending").update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def test_every_failpoint_of_notifications_is_in_the_matrix():
    source = "".join(path.read_text() for path in (BACKEND / "apps" / "notifications").rglob("*.py"))
    assert set(re.findall(r'failpoint\("([^"]+)"\)', source)) <= MAILS.keys()


@pytest.mark.parametrize("place", MAILS)
def test_the_worker_dies(smtp, place):
    order_make()
    die_at(place, events_deliver)
    events_deliver(times=2)  # the broker gives the message to another worker
    assert emails_send_due() == 0  # the dead one may still be at it, for all we know
    lease_end()
    emails_send_due()
    lease_end()
    assert emails_send_due() == 0
    assert len(smtp.received) == MAILS[place]
    assert len({message["Message-ID"] for message in smtp.received}) == 1
    assert EmailLog.objects.get().state == "sent"
    assert Notification.objects.count() == 1


@pytest.mark.parametrize(("place", "mails"), [("email.claimed", 1), ("email.handed_over", 2)])
def test_whoever_takes_over_dies_too(smtp, place, mails):
    order_make()
    die_at("email.claimed", events_deliver)
    lease_end()
    die_at(place, emails_send_due)
    lease_end()
    assert emails_send_due() == 1
    assert len(smtp.received) == mails
    assert (EmailLog.objects.get().state, EmailLog.objects.get().attempts) == ("sent", 3)


def test_a_mail_that_kills_its_senders_is_given_up(smtp):
    order_make()
    die_at("email.handed_over", events_deliver)
    EmailLog.objects.update(attempts=MAX_ATTEMPTS)
    lease_end()
    emails_send_due()
    assert EmailLog.objects.get().state == "failed"
    assert "died" in EmailLog.objects.get().error
    assert len(smtp.received) == 1

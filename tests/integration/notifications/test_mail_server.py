"""The connection to the mail server is kept between mails, and nothing about a mail depends on that."""

from uuid import uuid4

import pytest
from django.db import transaction

from apps.notifications import mail_server
from apps.notifications.models import EmailLog
from apps.notifications.services.mails import email_intend
from tests.integration.notifications.test_sending import CONTEXT
from tests.support.forks import die_at
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)


def send():
    with transaction.atomic():
        email_intend(
            event_id=uuid4(), template="order_cancelled", recipient="zoe@example.com", context=CONTEXT
        )


def fates():
    return list(EmailLog.objects.order_by("pk").values_list("state", "attempts"))


def test_one_connection_serves_many_mails(smtp):
    for _ in range(3):
        send()
    assert (len(smtp.received), len(smtp.connections)) == (3, 1)


def test_a_connection_that_the_server_dropped_costs_no_attempt(smtp):
    """Red without the question whether it still lives."""
    send()
    smtp.drop()
    send()
    assert fates() == [("sent", 1)] * 2
    assert len(smtp.connections) == 2


def test_not_kept_after_an_error(smtp):
    smtp.answers.append("550 no")
    send()
    send()
    assert fates() == [("failed", 1), ("sent", 1)]
    assert len(smtp.connections) == 2


def test_not_kept_for_ever(smtp, monkeypatch):
    monkeypatch.setattr(mail_server, "MAX_AGE_S", 0.0)
    send()
    send()
    assert len(smtp.connections) == 2


def test_not_kept_for_another_server(smtp, settings):
    send()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send()
    assert (len(smtp.received), fates()) == (1, [("sent", 1)] * 2)


def test_a_child_process_opens_its_own_and_leaves_the_parents_alone(smtp):
    send()
    die_at("email.handed_over", send)
    send()
    assert (len(smtp.received), len(smtp.connections)) == (3, 2)


def test_threads_do_not_share_one(smtp):
    assert run_together([send] * 5) == [None] * 5
    assert (len(smtp.received), len(smtp.connections)) == (5, 5)

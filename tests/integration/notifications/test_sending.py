"""Handing mails to a real mail server: what it takes, refuses, or does not answer."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail.backends.smtp import EmailBackend
from django.db import transaction
from django.utils import timezone

from apps.notifications.models import EmailLog, EmailTemplate
from apps.notifications.services import mails
from apps.notifications.services.mails import MAX_ATTEMPTS, email_intend, email_send_again, emails_send_due
from tests.support.mail_server import PASSWORD
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)

CONTEXT = {
    "shop": {"name": "Meshop", "url": "https://shop.example"},
    "customer": {"first_name": "Zoë", "last_name": "", "email": "zoe@example.com"},
    "order": {"number": "M-1", "reason": ""},
}


def intend(recipient="zoe@example.com"):
    with transaction.atomic():
        email_intend(event_id=uuid4(), template="order_cancelled", recipient=recipient, context=CONTEXT)
    return EmailLog.objects.latest("pk")


def make_due():
    EmailLog.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def fate(row):
    row.refresh_from_db()
    return row.state, row.attempts


def test_the_server_gets_what_djangos_own_outbox_gets(smtp, settings):
    row = intend()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    email_send_again(row=row)
    emails_send_due()
    (over_smtp,), (in_memory,) = smtp.received, mail.outbox
    expected = in_memory.message()
    for header in ("Subject", "From", "To", "Message-ID", "Auto-Submitted"):
        assert over_smtp[header] == expected[header]
    assert over_smtp["X-Envelope-To"] == "zoe@example.com"
    plain, html = over_smtp.get_body(("plain",)), over_smtp.get_body(("html",))
    assert plain.get_content().replace("\r\n", "\n").rstrip("\n") == in_memory.body.rstrip("\n")
    assert "Zoë" in plain.get_content()
    assert html.get_content().replace("\r\n", "\n").rstrip("\n") == in_memory.alternatives[0][0].rstrip("\n")
    assert fate(row) == ("sent", 1)


def test_sent_once_the_transaction_has_committed_and_not_before(smtp):
    with transaction.atomic():
        email_intend(event_id=uuid4(), template="order_cancelled", recipient="a@example.com", context=CONTEXT)
        assert smtp.received == []
    assert len(smtp.received) == 1


def test_a_rollback_sends_nothing(smtp):
    with transaction.atomic():
        email_intend(event_id=uuid4(), template="order_cancelled", recipient="a@example.com", context=CONTEXT)
        transaction.set_rollback(True)
    assert (smtp.received, EmailLog.objects.count()) == ([], 0)


def test_the_same_event_intends_one_mail(smtp):
    event = uuid4()
    for _ in range(2):
        with transaction.atomic():
            email_intend(
                event_id=event, template="order_cancelled", recipient="a@example.com", context=CONTEXT
            )
    assert len(smtp.received) == EmailLog.objects.count() == 1


def test_a_temporary_refusal_is_repeated_after_a_pause_with_the_same_id(smtp):
    smtp.answers.extend(["451 later", "421 busy"])
    before = timezone.now()
    row = intend()
    assert fate(row) == ("queued", 1)
    assert timedelta(seconds=20) < row.next_attempt_at - before < timedelta(seconds=40)
    assert "451" in row.error
    assert emails_send_due() == 0
    make_due()
    assert emails_send_due() == 1
    assert fate(row) == ("queued", 2)
    make_due()
    assert emails_send_due() == 1
    assert fate(row) == ("sent", 3)
    assert row.error == ""
    assert [message["Message-ID"] for message in smtp.received] == [row.message_id]


def test_a_server_that_is_away(smtp):
    smtp.close()
    row = intend()
    assert fate(row) == ("queued", 1)
    assert "ConnectionRefusedError" in row.error


def test_while_the_server_is_away_the_others_wait_their_turn(smtp):
    """Red if the sweep goes on: each mail would keep the worker until the timeout."""
    smtp.answers.extend(["451 later"] * 3)
    for number in range(3):
        intend(f"user{number}@example.com")
    smtp.close()
    make_due()
    assert emails_send_due() == 1
    assert EmailLog.objects.filter(attempts=2).count() == 1


@pytest.mark.parametrize("answer", ["550 no such user", "553 syntax"])
def test_a_refused_recipient_is_given_up_at_once(smtp, answer):
    smtp.strangers["nobody@example.com"] = answer
    row = intend("nobody@example.com")
    assert fate(row) == ("failed", 1)
    assert answer.split()[0] in row.error
    make_due()
    assert emails_send_due() == 0


def test_a_greylisted_recipient_is_tried_again(smtp):
    smtp.strangers["grey@example.com"] = "450 greylisted"
    row = intend("grey@example.com")
    assert fate(row) == ("queued", 1)
    smtp.strangers.clear()
    make_due()
    emails_send_due()
    assert fate(row) == ("sent", 2)


def test_a_message_refused_for_good(smtp):
    smtp.answers.append("554 spam")
    assert fate(intend()) == ("failed", 1)


def test_a_refused_login_is_ours_to_mend(smtp, settings):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "shop", "wrong"
    row = intend()
    assert fate(row) == ("queued", 1)
    assert "SMTPAuthenticationError" in row.error
    settings.EMAIL_HOST_PASSWORD = PASSWORD
    make_due()
    emails_send_due()
    assert fate(row) == ("sent", 2)


def test_given_up_after_the_last_attempt_with_pauses_that_grow(smtp):
    smtp.answers.extend(["451 later"] * MAX_ATTEMPTS)
    row = intend()
    pauses = []
    while fate(row)[0] == "queued":
        pauses.append((row.next_attempt_at - timezone.now()).total_seconds())
        make_due()
        assert emails_send_due() == 1
    assert fate(row) == ("failed", MAX_ATTEMPTS)
    for attempt, pause in enumerate(pauses):
        assert pause == pytest.approx(min(30 * 2**attempt, 4 * 3600), rel=0.3)
    assert sum(pauses) > 16 * 3600
    email_send_again(row=row)
    assert emails_send_due() == 1
    assert fate(row) == ("sent", 1)


def test_a_mail_under_way_is_not_started_over(smtp):
    row = intend()
    EmailLog.objects.update(state="sending", next_attempt_at=timezone.now() + timedelta(minutes=1))
    email_send_again(row=row)
    assert emails_send_due() == 0


def test_a_mail_that_cannot_be_written_stops_no_other(smtp):
    EmailTemplate.objects.filter(key="order_cancelled").update(text="{% broken %}")
    broken = intend()
    EmailTemplate.objects.all().delete()
    assert fate(broken) == ("queued", 1)
    EmailTemplate.objects.create(key="order_cancelled", subject="x", text="{% broken %}")
    with transaction.atomic():
        email_intend(
            event_id=uuid4(),
            template="order_expired",
            recipient="b@example.com",
            context=CONTEXT,
        )
    make_due()
    emails_send_due()
    assert fate(broken)[0] == "queued"
    assert fate(EmailLog.objects.get(template="order_expired"))[0] == "sent"


def test_an_unexpected_error_stops_no_other(smtp, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(mails, "_message", fail)
        row = intend()
    assert fate(row) == ("queued", 1)


def test_an_answer_after_somebody_else_has_begun_again_changes_nothing(smtp, monkeypatch):
    """Red if the outcome is written without comparing the attempt."""

    def overtaken(self, messages):
        EmailLog.objects.update(attempts=2)
        raise SMTPServerDisconnected("too late")

    monkeypatch.setattr(EmailBackend, "send_messages", overtaken)
    assert fate(intend()) == ("sending", 2)


def test_many_senders_send_each_mail_once(smtp):
    """Red if due mails are taken without a lock."""
    smtp.answers.extend(["451 later"] * 12)
    rows = [intend(f"user{n}@example.com") for n in range(12)]
    make_due()
    assert sum(run_together([emails_send_due] * 6, at_once=6)) == 12
    assert sorted(message["X-Envelope-To"] for message in smtp.received) == sorted(r.recipient for r in rows)

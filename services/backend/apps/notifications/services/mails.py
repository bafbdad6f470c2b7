"""Sending mails: at least once.

A mail goes out a second time only where the mail server had taken it and we could not write that down: the process
died, or the database went away, between its answer and our commit. Each such event costs at most one repetition, with
the same ``Message-ID``, and a mail is attempted ``MAX_ATTEMPTS`` times at most, deaths included.
"""

import json
import smtplib
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone
from opentelemetry.trace import SpanKind

from apps.accounts.services.passwords import password_reset_proof
from apps.core.failpoints import failpoint
from apps.core.faults import fault
from apps.core.inbox import retry_pause
from apps.notifications.mail_server import mail_server
from apps.notifications.metrics import MAILS
from apps.notifications.models import EmailLog
from apps.notifications.rendering import subject_render, template_render
from apps.notifications.services.templates import template_find
from meshop_shared.tracing import TRACER

State = EmailLog.State
#: Longer than any attempt lasts: connecting and a dozen commands of up to ``EMAIL_TIMEOUT`` seconds each, and some.
LEASE = timedelta(minutes=3)
#: With the pauses, some twenty hours.
MAX_ATTEMPTS = 14
RETRY_BASE_S, RETRY_MAX_S = 30.0, 4 * 3600.0

#: One statement, where Django's ``get_or_create`` takes four: the customer waits.
_PROMISE = """
INSERT INTO notifications_emaillog
    (event_id, template, recipient, context, message_id, state, attempts, next_attempt_at, error)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, '') ON CONFLICT DO NOTHING RETURNING id
"""

log = structlog.get_logger(__name__)


class RecipientGone(Exception):
    """There is nobody to write to any more."""


#: What happens with mail servers.
_EXPECTED = (smtplib.SMTPException, OSError, RecipientGone)


def email_intend(*, event_id: UUID, template: str, recipient: str, context: Mapping[str, Any]) -> None:
    """Promise a mail in the current transaction, and make the first attempt once that has committed.

    The promise is made as an attempt under way: that saves a commit between the event and the mail server. If this
    process dies before the attempt ends, :func:`emails_send_due` makes the next one when the lease is over.
    """
    row = EmailLog(
        event_id=event_id,
        template=template,
        recipient=recipient,
        context=dict(context),
        message_id=_message_id(event_id, template),
        state=State.SENDING,
        attempts=1,
        next_attempt_at=timezone.now() + LEASE,
    )
    if _promise(row):
        transaction.on_commit(partial(email_attempt, row), robust=True)


def email_attempt(row: EmailLog) -> bool:
    """Hand a claimed mail to the mail server and note how that went. Not for use inside a transaction.

    ``False`` if the mail server is away, so that there is no point in trying the next one.
    """
    failpoint("email.claimed")
    try:
        with TRACER.start_as_current_span("send mail", kind=SpanKind.CLIENT) as span, mail_server() as server:
            span.set_attribute("meshop.mail.template", row.template)
            if fault("lost-mail-server"):
                raise ConnectionRefusedError("this failure is a drill")
            _message(row, server).send()
    except _EXPECTED as error:
        _note(row, _failure(row, error))
        log.warning("mail not sent", mail=row.pk, template=row.template, error=type(error).__name__)
        return not _is_away(error)
    except Exception as error:  # the edge to the outside: one mail that we cannot write stops no other
        _note(row, _failure(row, error))
        log.exception("mail not sent", mail=row.pk, template=row.template)
        return True
    failpoint("email.handed_over")
    _note(row, {"state": State.SENT, "sent_at": timezone.now(), "error": ""})
    return True


def emails_send_due(*, limit: int = 50) -> int:
    """Attempt mails whose time has come, one after another, while the mail server is there; return how many."""
    for count in range(limit):
        row = _claim()
        if row is None:
            return count
        if row.attempts > MAX_ATTEMPTS:
            _note(row, {"state": State.FAILED, "error": "Its sender died at every attempt."})
        elif not email_attempt(row):
            return count + 1
    return limit


def email_send_again(*, row: EmailLog) -> None:
    """Start over with a mail that was given up, or that should go out once more; not with one that is under way."""
    EmailLog.objects.filter(pk=row.pk).exclude(state=State.SENDING).update(
        state=State.QUEUED, attempts=0, next_attempt_at=timezone.now(), error=""
    )


def _promise(row: EmailLog) -> bool:
    """Store a mail; ``False`` if the event had been told to this recipient before."""
    values = (row.event_id, row.template, row.recipient, json.dumps(row.context), row.message_id, row.state)
    with connection.cursor() as cursor:
        cursor.execute(_PROMISE, [*values, row.attempts, row.next_attempt_at])
        inserted = cursor.fetchone()
    row.pk = inserted and inserted[0]
    return inserted is not None


@transaction.atomic
def _claim() -> EmailLog | None:
    """Take one due mail, or one whose sender has died. One at a time: a death leaves one in doubt."""
    row = (
        EmailLog.objects.filter(state__in=[State.QUEUED, State.SENDING], next_attempt_at__lte=timezone.now())
        .order_by("next_attempt_at")
        .select_for_update(skip_locked=True)
        .first()
    )
    if row is not None:
        row.state, row.attempts, row.next_attempt_at = State.SENDING, row.attempts + 1, timezone.now() + LEASE
        row.save(update_fields=["state", "attempts", "next_attempt_at"])
    return row


def _note(row: EmailLog, changes: dict[str, Any]) -> None:
    """Record the outcome, unless somebody has begun another attempt meanwhile."""
    EmailLog.objects.filter(pk=row.pk, state=State.SENDING, attempts=row.attempts).update(**changes)
    MAILS.labels(row.template, str(changes["state"])).inc()


def _failure(row: EmailLog, error: Exception) -> dict[str, Any]:
    last = row.attempts >= MAX_ATTEMPTS or _is_final(error)
    pause = retry_pause(row.attempts, base_s=RETRY_BASE_S, max_s=RETRY_MAX_S)
    return {
        "state": State.FAILED if last else State.QUEUED,
        "next_attempt_at": timezone.now() + pause,
        "error": f"{type(error).__name__}: {error}".replace("\x00", "")[:300],
    }


def _is_away(error: Exception) -> bool:
    """Whether it was not this mail that failed: the next would wait for the same timeout, and keep a worker busy."""
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, smtplib.SMTPConnectError | smtplib.SMTPServerDisconnected)
    return isinstance(error, OSError)


def _is_final(error: Exception) -> bool:
    """Whether the mail server would answer the same for ever (RFC 5321: 5xx); a refused login is ours to mend."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return False
    if isinstance(error, smtplib.SMTPResponseException):
        return 500 <= error.smtp_code < 600
    return isinstance(error, RecipientGone)


def _message(row: EmailLog, server: BaseEmailBackend) -> EmailMultiAlternatives:
    template, values = template_find(key=row.template), _values(row)
    message = EmailMultiAlternatives(
        subject=subject_render(template.subject, values),
        body=template_render(template.text, values, html=False),
        to=[row.recipient],
        headers={"Message-ID": row.message_id, "Auto-Submitted": "auto-generated"},
        connection=server,
    )
    if template.html:
        message.attach_alternative(template_render(template.html, values, html=True), "text/html")
    return message


def _values(row: EmailLog) -> dict[str, Any]:
    """The stored values, and for a password reset its proof, which is made for this message and stored nowhere."""
    if row.template != "password_reset":
        return dict(row.context)
    proof = password_reset_proof(user_id=row.context["user_id"])
    if proof is None:
        raise RecipientGone()
    minutes = settings.PASSWORD_RESET_TIMEOUT // 60
    return {**row.context, "reset": {"uid": proof.uid, "token": proof.token, "minutes": minutes}}


def _message_id(event_id: UUID, template: str) -> str:
    """The same for every attempt at a mail, so that a receiver can tell a repetition."""
    return f"<{event_id}.{template}@{urlsplit(settings.MESHOP.public_url).hostname}>"

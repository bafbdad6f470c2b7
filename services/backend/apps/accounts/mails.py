"""Mails of this app, behind one function each."""

from functools import partial
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

log = structlog.get_logger(__name__)

_RESET_TEXT = """Somebody asked for a new password for your account at {shop}.

To set one, send these two values and your new password to {shop}/api/auth/password-reset/confirm/
within {minutes} minutes:

uid:   {uid}
token: {token}

If it was not you, ignore this mail: your password has not changed.
"""


def password_reset_send(*, email: str, uid: str, token: str) -> None:
    """Mail a reset token once the current transaction, if any, has committed. A failure is logged and not raised."""
    text = _RESET_TEXT.format(
        shop=settings.MESHOP.public_url,
        minutes=settings.PASSWORD_RESET_TIMEOUT // 60,
        uid=uid,
        token=token,
    )
    transaction.on_commit(partial(_send, "Your new password", text, email))


def _send(subject: str, text: str, recipient: str) -> None:
    try:
        send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [recipient])
    except (OSError, SMTPException) as error:
        log.error("mail not sent", subject=subject, error=type(error).__name__)

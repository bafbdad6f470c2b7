"""The shop with a mail server."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.notifications.mail_server import mail_server_leave
from tests.support.mail_server import MailServer


@pytest.fixture
def smtp(settings: Any) -> Iterator[MailServer]:
    """The server, with Django's SMTP backend pointing at it."""
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    mail_server_leave()
    server.close()

"""The connection to the mail server, kept between mails: with TLS and a login, opening one takes longer than a mail."""

import os
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

#: An older connection is not used again: mail servers count what comes over one, and close it some day.
MAX_AGE_S = 60.0


class _Open:
    """An open connection, and whose and since when it is."""

    def __init__(self, server: EmailBackend) -> None:
        self.server, self.owner, self._since = server, _owner(), time.monotonic()

    def is_good(self) -> bool:
        """Whether it is ours, young, and the server has not said or closed anything since the last mail."""
        if self.owner != _owner() or time.monotonic() - self._since > MAX_AGE_S:
            return False
        socket = self.server.connection.sock if self.server.connection else None
        if socket is None:
            return False
        silence = select.poll()
        silence.register(socket, select.POLLIN)
        return not silence.poll(0)

    def close(self) -> None:
        """Say goodbye; not for a parent process, which goes on using it."""
        if self.owner[0] == os.getpid():
            self.server.close()

    def __del__(self) -> None:
        """Hang up when its thread has ended."""
        if self.server.connection is not None:
            self.server.connection.close()


_kept = threading.local()


@contextmanager
def mail_server() -> Iterator[BaseEmailBackend]:
    """A connection for one mail, kept for this thread's next one unless an error comes by.

    A kept one that the server has left is not used again, so that no mail is repeated because of it.
    """
    kept: _Open | None = getattr(_kept, "open", None)
    if kept is not None and not kept.is_good():
        mail_server_leave()
        kept = None
    server = kept.server if kept else get_connection()
    try:
        server.open()
        yield server
    except BaseException:
        mail_server_leave()
        server.close()  # Django leaves it open where a login fails
        raise
    if not isinstance(server, EmailBackend):
        server.close()
    elif kept is None:
        _kept.open = _Open(server)


def mail_server_leave() -> None:
    """Close this thread's connection, if it has one."""
    kept: _Open | None = getattr(_kept, "open", None)
    _kept.open = None
    if kept is not None:
        kept.close()


def _owner() -> tuple[Any, ...]:
    """Changes when a connection must not be used any more: another process, another server."""
    return os.getpid(), settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT

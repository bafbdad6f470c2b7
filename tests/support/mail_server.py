"""A mail server on loopback that keeps what it takes and refuses what it is told to."""

import asyncio
import email
import threading
from collections import deque
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tools.ports import pick_port

OK = "250 OK"
#: Of whoever logs in; nobody has to.
PASSWORD = "only-for-this-test-run"


class MailServer:
    """Speaks SMTP. ``answers`` go to the next messages in place of ``250``; so do ``strangers`` to their recipients."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.answers: deque[str] = deque()
        self.strangers: dict[str, str] = {}
        #: What mails came by, in order of opening.
        self.connections: dict[Any, asyncio.Transport] = {}
        self._controller = Controller(
            self, hostname="127.0.0.1", port=pick_port(), authenticator=_authenticate, auth_require_tls=False
        )
        self._controller.start()

    @property
    def port(self) -> int:
        return int(self._controller.port)

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.connections[session.peer] = server.transport
        if address in self.strangers:
            return self.strangers[address]
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self.answers.popleft() if self.answers else OK
        if answer.startswith("2"):
            message = email.message_from_bytes(envelope.content, policy=default)
            message["X-Envelope-To"] = ",".join(envelope.rcpt_tos)
            self.received.append(message)  # type: ignore[arg-type]
        return answer

    def drop(self) -> None:
        """Hang up on everybody, and return once that is done."""
        dropped = threading.Event()

        def hang_up() -> None:
            for transport in self.connections.values():
                transport.abort()
            self._controller.loop.call_soon(dropped.set)

        self._controller.loop.call_soon_threadsafe(hang_up)
        assert dropped.wait(10)

    def close(self) -> None:
        """Stop listening; again does nothing."""
        if self._controller.server is not None:
            self._controller.stop()


def _authenticate(
    server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword
) -> AuthResult:
    return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

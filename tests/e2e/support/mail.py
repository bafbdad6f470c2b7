"""The mails of the stack: it files them, one message after another, in the folder ``MESHOP_MAIL_DIR``."""

import email
import os
import re
import time
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

_PROOF = re.compile(r"^(uid|token):\s+(\S+)$", re.MULTILINE)
_SEPARATOR = "-" * 79  # what Django's file backend writes after each message


def reset_proof(address: str) -> dict[str, str]:
    """``uid`` and ``token`` from the newest reset mail to ``address``, waiting for it to arrive."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = [_PROOF.findall(mail.get_content()) for mail in _mails_to(address)]
        if found and found[-1]:
            return dict(found[-1])
        time.sleep(0.05)
    pytest.fail(f"No reset mail reached {address}; the mails of the stack are looked for in {_folder()}.")


def _folder() -> Path:
    return Path(os.environ.get("MESHOP_MAIL_DIR") or ".meshop/mail")


def _mails_to(address: str) -> Iterator[EmailMessage]:
    for file in sorted(_folder().glob("*.log"), key=lambda file: file.stat().st_mtime):
        for text in file.read_text().split(_SEPARATOR):
            if address in text:
                yield email.message_from_string(text.lstrip(), policy=default)

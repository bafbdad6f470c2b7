"""``Idempotency-Key``: the first answer is stored in the transaction of its effect and replayed afterwards.

After the IETF draft "The Idempotency-Key HTTP Header Field": same key and body replays, same key with another
body is 422, a key whose first request is still running is 409. Failures store nothing, so a retry runs again.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from apps.core.models import IdempotencyRecord
from meshop_shared.errors import Conflict, Unprocessable, ValidationFailed

_MAX_KEY = 255


class IdempotencyInFlight(Conflict):
    """409: the first request with this key has not finished."""

    code = "idempotency_in_flight"
    message = "A request with this Idempotency-Key is still running."


class IdempotencyMismatch(Unprocessable):
    """422: the key was used with another body."""

    code = "idempotency_key_reused"
    message = "This Idempotency-Key was used with a different request."


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and rendered JSON body; ``replayed`` tells a stored answer from a fresh one."""

    status_code: int
    body: bytes
    replayed: bool = False


def _lock_id(scope: str, key: str) -> int:
    digest = hashlib.sha256(f"{scope}\n{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def run_idempotent(
    *, scope: str, key: str | None, request_body: bytes, operation: Callable[[], Answer]
) -> Answer:
    """Run ``operation`` in one transaction, at most once per ``(scope, key)``; without a key just run it.

    Raises :class:`IdempotencyInFlight` (409) and :class:`IdempotencyMismatch` (422).
    """
    if key is None:
        with transaction.atomic():
            return operation()
    if not 1 <= len(key) <= _MAX_KEY or not key.isprintable():
        raise ValidationFailed.for_field("Idempotency-Key", f"Use 1 to {_MAX_KEY} printable characters.")
    fingerprint = hashlib.sha256(request_body).hexdigest()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_lock_id(scope, key)])
            row = cursor.fetchone()
        if not (row and row[0]):
            raise IdempotencyInFlight()
        stored = IdempotencyRecord.objects.filter(scope=scope, key=key).first()
        if stored is not None:
            if stored.fingerprint != fingerprint:
                raise IdempotencyMismatch()
            return Answer(stored.status_code, stored.body.encode(), replayed=True)
        answer = operation()
        IdempotencyRecord.objects.create(
            scope=scope,
            key=key,
            fingerprint=fingerprint,
            status_code=answer.status_code,
            body=answer.body.decode(),
        )
        return answer

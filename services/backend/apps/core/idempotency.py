"""``Idempotency-Key``: the first answer is stored in the transaction of its effect and replayed afterwards.

After the IETF draft "The Idempotency-Key HTTP Header Field": same key and body replays, same key with another
body is 422, a key whose first request is still running is 409. Failures store nothing, so a retry runs again.

Two functions: :func:`run_idempotent` for what is one transaction, :func:`run_idempotent_steps` for what cannot be
one because it calls another system on the way.
"""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

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


_STORED = "SELECT fingerprint, status_code, body FROM core_idempotencyrecord WHERE scope = %s AND key = %s"
_STORE = """
INSERT INTO core_idempotencyrecord (scope, key, fingerprint, status_code, body) VALUES (%s, %s, %s, %s, %s)
"""


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
    fingerprint = _fingerprint(key, request_body)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_lock_id(scope, key)])
            if cursor.fetchone() != (True,):
                raise IdempotencyInFlight()
            # A statement of its own, and so a view of the data that is younger than the lock.
            cursor.execute(_STORED, [scope, key])
            stored = cursor.fetchone()
            if stored is not None:
                return _replay(*stored, fingerprint=fingerprint)
            answer = operation()
            cursor.execute(_STORE, [scope, key, fingerprint, answer.status_code, answer.body.decode()])
        return answer


def _fingerprint(key: str, request_body: bytes) -> str:
    if not 1 <= len(key) <= _MAX_KEY or not key.isprintable():
        raise ValidationFailed.for_field("Idempotency-Key", f"Use 1 to {_MAX_KEY} printable characters.")
    return hashlib.sha256(request_body).hexdigest()


def _replay(stored_fingerprint: str, status_code: int | None, body: str, *, fingerprint: str) -> Answer:
    if stored_fingerprint != fingerprint:
        raise IdempotencyMismatch()
    if status_code is None:
        raise IdempotencyInFlight()
    return Answer(status_code, body.encode(), replayed=True)


class IdempotencyClaim:
    """The right to answer a key. ``store`` the answer in the transaction of the last effect."""

    def __init__(self, record_id: int | None = None, owner: uuid.UUID | None = None) -> None:
        self._record_id, self._owner = record_id, owner
        self.stored = False

    def store(self, answer: Answer) -> None:
        """Keep ``answer`` if the current transaction commits. Raises ``IdempotencyInFlight`` if the claim was lost."""
        if self._record_id is not None:
            mine = IdempotencyRecord.objects.filter(
                pk=self._record_id, owner=self._owner, status_code__isnull=True
            )
            if not mine.update(status_code=answer.status_code, body=answer.body.decode(), claimed_until=None):
                raise IdempotencyInFlight()
        self.stored = True

    def release(self) -> None:
        """Give the key back after a failure, so that a retry runs again."""
        if self._record_id is not None:
            IdempotencyRecord.objects.filter(
                pk=self._record_id, owner=self._owner, status_code__isnull=True
            ).delete()


def run_idempotent_steps(
    *,
    scope: str,
    key: str | None,
    request_body: bytes,
    lease_s: float,
    operation: Callable[[IdempotencyClaim], Answer],
) -> Answer:
    """Run ``operation``, which commits several transactions, for one caller of ``(scope, key)`` at a time.

    It must call ``claim.store(answer)`` in its last transaction. A process that dies on the way keeps the key (409)
    until ``lease_s`` has passed; then a retry runs the operation again, which must find what the first run left and
    go on from there. Raises like :func:`run_idempotent`.
    """
    taken = _claim(scope, key, request_body, lease_s) if key is not None else IdempotencyClaim()
    if isinstance(taken, Answer):
        return taken
    try:
        answer = operation(taken)
    except BaseException:
        taken.release()
        raise
    assert taken.stored, "the operation did not store its answer"
    return answer


_CLAIM = """
INSERT INTO core_idempotencyrecord AS record (scope, key, fingerprint, body, owner, claimed_until)
VALUES (%(scope)s, %(key)s, %(fingerprint)s, '', %(owner)s, %(until)s)
ON CONFLICT (scope, key) DO UPDATE SET owner = excluded.owner, claimed_until = excluded.claimed_until
WHERE record.status_code IS NULL AND record.claimed_until < %(now)s AND record.fingerprint = excluded.fingerprint
RETURNING id
"""


def _claim(scope: str, key: str, request_body: bytes, lease_s: float) -> IdempotencyClaim | Answer:
    """Take the key, which one statement gives to one caller, or replay its answer."""
    fingerprint, owner, now = _fingerprint(key, request_body), uuid.uuid4(), timezone.now()
    values: dict[str, Any] = {"scope": scope, "key": key, "fingerprint": fingerprint, "owner": owner}
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {**values, "until": now + timedelta(seconds=lease_s), "now": now})
        row = cursor.fetchone()
        if row:
            return IdempotencyClaim(row[0], owner)
        cursor.execute(_STORED, [scope, key])
        stored = cursor.fetchone()
    if stored is None:  # given back at this very moment
        raise IdempotencyInFlight()
    return _replay(*stored, fingerprint=fingerprint)

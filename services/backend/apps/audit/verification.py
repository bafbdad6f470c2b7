"""Checking the chain, without trusting the functions in the database that made it.

A chain shows that entries were changed, removed, added or moved by somebody who did not write all that follows anew,
the head included. Whoever may do that, the owner of the tables, is found with an anchor: the number and hash of an
entry, noted earlier where they cannot reach.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from apps.audit.models import GENESIS

BATCH = 2_000

#: The text whose SHA-256 is the hash of an entry; the same as in the migration, which must never change.
_TEXT = """
jsonb_build_array(
    sequence, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), actor_id, actor_label, action,
    target, before, after, request_id, previous_hash
)::text
"""
_ENTRIES = f"""
SELECT sequence, previous_hash, hash, {_TEXT} FROM audit_auditentry
WHERE sequence > %s AND sequence <= %s ORDER BY sequence LIMIT %s
"""  # noqa: S608 - constants
_STATE = """
SELECT coalesce(max(sequence), 0), coalesce(max(hash), %s), (
    SELECT count(*) FROM audit_auditentry
    WHERE sequence IS NULL OR sequence < 1
       OR sequence > (SELECT coalesce(max(sequence), 0) FROM audit_audithead)
) FROM audit_audithead
"""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Number and hash of an entry, as noted earlier."""

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash}"


class ChainBroken(Exception):
    """Something was changed behind the application's back. Says what, and where first."""

    def __init__(self, sequence: int, sentence: str) -> None:
        super().__init__(f"Entry {sequence}: {sentence}")
        self.sequence = sequence


def audit_verify(*, anchor: Anchor | None = None, progress: Callable[[int], None] = lambda _: None) -> Anchor:
    """Walk the whole chain in constant memory; the anchor of its end. Raises :class:`ChainBroken`.

    Entries may be appended meanwhile. ``progress`` hears after each batch how many entries are good.
    """
    end, strays = _state()
    last = Anchor(0, GENESIS)
    while last.sequence < end.sequence:
        rows = _batch(last.sequence, end.sequence)
        for row in rows:
            last = _checked(last, *row)
            if anchor is not None and anchor.sequence == last.sequence and anchor.hash != last.hash:
                raise ChainBroken(last.sequence, f"its hash is not {anchor.hash}, which was noted as anchor.")
        if not rows:
            raise ChainBroken(last.sequence + 1, f"missing, though the head is at {end.sequence}.")
        progress(last.sequence)
    if last.hash != end.hash:
        raise ChainBroken(last.sequence, "its hash is not the one that the head has.")
    if anchor is not None and anchor.sequence > last.sequence:
        raise ChainBroken(anchor.sequence, "missing, though it was noted as anchor.")
    if strays:
        raise ChainBroken(end.sequence + 1, f"{strays} entries are outside the chain that the head ends.")
    return last


def _state() -> tuple[Anchor, int]:
    """The head, and how many entries do not belong to its chain, both as of one moment."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [GENESIS])
        sequence, hash, strays = cursor.fetchone()
    return Anchor(sequence, hash), strays


def _batch(after: int, end: int) -> list[tuple[int, str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [after, end, BATCH])
        return cursor.fetchall()


def _checked(last: Anchor, sequence: int, previous_hash: str, hash: str, text: str) -> Anchor:
    if sequence != last.sequence + 1:
        raise ChainBroken(last.sequence + 1, "missing.")
    if previous_hash != last.hash:
        raise ChainBroken(sequence, "it does not follow the entry before it.")
    if hashlib.sha256(text.encode()).hexdigest() != hash:
        raise ChainBroken(sequence, "its content does not match its hash.")
    return Anchor(sequence, hash)

"""Marks of products that a store has yet to hear of.

A mark counts changes. Whoever writes a product removes its mark only if no change was added meanwhile, so a change is
never lost. Each store has marks of its own: one that is down holds up no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

#: A worker that took marks and died is replaced after this long.
CLAIM_S = 60

# Who marks may wait for who marks, in one order. Nobody else waits, so that no two can wait for each other: a row that
# is locked is being marked anew, and that makes it free to be claimed as well.
_MARK = """
INSERT INTO {table} (product_id, marks) {products} ORDER BY 1
ON CONFLICT (product_id) DO UPDATE SET marks = {table}.marks + 1, claimed_until = NULL
"""
_CLAIM = """
UPDATE {table} SET claimed_until = now() + make_interval(secs => %s) WHERE product_id IN (
    SELECT product_id FROM {table} WHERE (claimed_until IS NULL OR claimed_until < now()) AND marked_at < %s
    ORDER BY marked_at LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING product_id, marks
"""
_REMOVE = """
DELETE FROM {table} WHERE product_id IN (
    SELECT product_id FROM {table} JOIN unnest(%s::bigint[], %s::bigint[]) AS seen (product_id, marks)
    USING (product_id, marks) FOR UPDATE OF {table} SKIP LOCKED
)
"""
#: What has changed meanwhile waits from now on: its earlier changes have been written.
_RENEW = """
UPDATE {table} SET claimed_until = NULL, marked_at = now() WHERE product_id IN (
    SELECT product_id FROM {table} WHERE product_id = ANY(%s) FOR UPDATE SKIP LOCKED
)
"""
_RELEASE = """
UPDATE {table} SET claimed_until = NULL WHERE product_id IN (
    SELECT product_id FROM {table} WHERE product_id = ANY(%s) FOR UPDATE SKIP LOCKED
)
"""
_WAITING = "SELECT EXISTS (SELECT 1 FROM {table} WHERE claimed_until IS NULL OR claimed_until < now())"
_OLDER = "SELECT count(*) FROM {table} WHERE marked_at < %s"

#: Later than any mark.
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
Claimed = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of one store, in a table of their own."""

    table: str

    def add(self, products: str, parameters: Sequence[Any]) -> None:
        """Mark what a statement selects as ``(id, 1)``."""
        self._execute(_MARK.format(table=self.table, products=products), parameters)

    def claim(self, limit: int, *, before: datetime = FOREVER) -> Claimed:
        """Take the oldest marks that nobody works on, made before a moment of the database's clock."""
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM.format(table=self.table), [CLAIM_S, before, limit])
            return list(cursor.fetchall())

    def remove(self, claimed: Claimed) -> None:
        """The store knows these states; what has changed since stays marked."""
        ids = [product_id for product_id, _ in claimed]
        removed = self._execute(_REMOVE.format(table=self.table), [ids, [marks for _, marks in claimed]])
        if removed < len(ids):
            self._execute(_RENEW.format(table=self.table), [ids])

    def release(self, claimed: Claimed) -> None:
        """The store could not be told: somebody else may."""
        self._execute(_RELEASE.format(table=self.table), [[product_id for product_id, _ in claimed]])

    def are_waiting(self) -> bool:
        """Whether there are some that nobody works on."""
        return bool(self._ask(_WAITING.format(table=self.table), []))

    def older_than(self, moment: datetime) -> int:
        """Products that have been waiting since before ``moment``."""
        return int(self._ask(_OLDER.format(table=self.table), [moment]))

    def now(self) -> datetime:
        """The clock that marks are made by."""
        moment: datetime = self._ask("SELECT clock_timestamp()", [])
        return moment

    def _ask(self, statement: str, parameters: Sequence[Any]) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchone()[0]

    def _execute(self, statement: str, parameters: Sequence[Any]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return int(cursor.rowcount)

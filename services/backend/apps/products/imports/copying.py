"""COPY, the fastest way into PostgreSQL."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper


def copy_rows(cursor: CursorWrapper, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Send ``rows`` through ``statement``, a ``COPY … FROM STDIN``. Raises Django's database errors."""
    with connection.wrap_database_errors, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)

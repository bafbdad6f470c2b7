"""One writer of aggregates at a time.

All of them change the row of today, so they wait for each other anyway; one lock taken first instead of rows in
between means that they cannot wait in a circle, and that a difference is added to what it was computed from.
"""

from django.db import connection

#: Any number that no other advisory lock of the shop uses.
_WRITER = 7_261_009


def writer_lock() -> None:
    """Become the writer until the transaction ends; waits up to the connection's ``lock_timeout``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_WRITER])


def writer_lock_if_free() -> bool:
    """Become the writer until the transaction ends, unless somebody else is; tell whether it worked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_WRITER])
        return bool(cursor.fetchone()[0])

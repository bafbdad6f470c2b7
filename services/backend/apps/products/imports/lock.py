"""One import at a time: two of them would create the same categories and products twice over."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, OperationalError, connection

from meshop_shared.errors import Conflict

#: Any number that no other advisory lock of the shop uses.
LOCK_KEY = 7_261_001
#: Grouping millions of lines takes longer than any request may.
STATEMENT_TIMEOUT = "30min"


class ImportRunning(Conflict):
    """409: somebody else is importing into this database."""

    code = "import_running"
    message = "Another import is running on this database; wait until it has finished."


@contextmanager
def import_lock() -> Iterator[None]:
    """Hold the right to import; waits up to the connection's ``lock_timeout``, then raises :class:`ImportRunning`.

    Statements may run longer meanwhile. The lock ends with the connection, so a killed import never leaves it behind.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        except OperationalError as error:
            raise ImportRunning() from error
        cursor.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
    try:
        yield
    finally:
        # A broken connection has lost the lock already, and says so in the error that is on its way.
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])

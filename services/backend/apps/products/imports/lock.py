"""One import at a time: two of them would create the same categories and products twice over."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection

from meshop_shared.errors import Conflict

#: Any number that no other advisory lock of the shop uses.
LOCK_KEY = 7_261_001


class ImportRunning(Conflict):
    """409: somebody else is importing into this database."""

    code = "import_running"
    message = "Another import is running on this database; wait until it has finished."


@contextmanager
def import_lock() -> Iterator[None]:
    """Hold the right to import; waits up to the connection's ``lock_timeout``, then raises :class:`ImportRunning`.

    The lock ends with the connection, so a killed import never leaves it behind.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        except OperationalError as error:
            raise ImportRunning() from error
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])

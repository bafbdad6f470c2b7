"""More time for what goes over all orders; requests keep their limits."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connection

#: Recounting millions of lines, or waiting for another writer of sums, takes longer than any request may.
LONG = "30min"


@contextmanager
def statements_may_take_long() -> Iterator[None]:
    """Lift this connection's ``statement_timeout`` and ``lock_timeout`` to :data:`LONG` for a while."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{LONG}'")
        cursor.execute(f"SET lock_timeout = '{LONG}'")
    try:
        yield
    finally:
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")
            cursor.execute("RESET lock_timeout")

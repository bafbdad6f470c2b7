"""One at a time: locks of PostgreSQL's that end with the connection, so a killed process never leaves one behind."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import Error, OperationalError, connection

from apps.search.errors import GenerationBusy

#: Any number that no other advisory lock of the shop uses.
LOCK_SPACE = 7_261_002


@contextmanager
def search_lock(name: str) -> Iterator[None]:
    """Hold ``name``; waits up to the connection's ``lock_timeout``, then raises :class:`GenerationBusy`."""
    try:
        _ask("pg_advisory_lock", name)
    except OperationalError as error:
        raise GenerationBusy(extra={"lock": name}) from error
    try:
        yield
    finally:
        _release(name)


@contextmanager
def search_lock_tried(name: str) -> Iterator[bool]:
    """Hold ``name`` if nobody else does; says whether that is so."""
    is_mine = bool(_ask("pg_try_advisory_lock", name))
    try:
        yield is_mine
    finally:
        if is_mine:
            _release(name)


def _release(name: str) -> None:
    # A broken connection has lost the lock already, and says so in the error that is on its way.
    with suppress(Error):
        _ask("pg_advisory_unlock", name)


def _ask(function: str, name: str) -> object:
    key = zlib.crc32(name.encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s::int, %s::int)", [LOCK_SPACE, key])
        return cursor.fetchone()[0]

"""Imports run beside a live shop, and sometimes lose a race against it."""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError

Result = TypeVar("Result")
ATTEMPTS = 3


def repeat_on_race(action: Callable[[], Result], *, before_repeat: Callable[[], None]) -> Result:
    """Run a transaction; if a concurrent writer made it fail (a slug, a tag, a deadlock), run it again.

    The last failure is raised.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return action()
        except (IntegrityError, OperationalError):
            before_repeat()
    return action()

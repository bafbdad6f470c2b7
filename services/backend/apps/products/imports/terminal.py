"""What the person at the terminal reads when a command cannot go on: one sentence, never a stack trace."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import Error

from apps.products.imports.errors import ImportFailed
from apps.products.imports.lock import ImportRunning


@contextmanager
def failures_as_sentences() -> Iterator[None]:
    """Turn what is expected to go wrong into a ``CommandError``. Bugs keep their stack trace."""
    try:
        yield
    except (ImportFailed, ImportRunning) as error:
        raise CommandError(error.message) from error
    except KeyboardInterrupt as error:
        raise CommandError("Interrupted; the same command again goes on from here.") from error
    except Error as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise CommandError(
            f"The database refused to go on ({reason}); what was committed stays, run the same command again."
        ) from error

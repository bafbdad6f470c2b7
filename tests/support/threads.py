"""Running many callers at the same moment, each with its own database connection."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def run_together(callers: list[Callable[[], T]], *, at_once: int = 50) -> list[T | Exception]:
    """Start ``callers`` at one barrier, ``at_once`` at a time; return results, exceptions included, in order."""
    at_once = min(at_once, len(callers))
    barrier = threading.Barrier(at_once)

    def run(index: int, caller: Callable[[], T]) -> T | Exception:
        if index < at_once:
            barrier.wait(timeout=30)
        try:
            return caller()
        except Exception as error:  # the test judges it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=at_once) as pool:
        return list(pool.map(run, range(len(callers)), callers))

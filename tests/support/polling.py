"""Waiting for what other threads and processes do, with a deadline instead of a sleep."""

import time
from collections.abc import Callable


def wait_until(
    condition: Callable[[], bool], *, timeout_s: float = 15.0, every_s: float = 0.02, what: str = ""
) -> None:
    """Return as soon as ``condition`` holds; fail after ``timeout_s`` seconds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what or condition}"
        time.sleep(every_s)

"""How to see that a program of the stack works."""

import http.client
import time
from collections.abc import Callable
from pathlib import Path

from tools.ports import LOOPBACK

#: A program whose last sign of life is older than this hangs. They give one every five seconds.
HEARTBEAT_MAX_AGE_S = 30


def heartbeat_fresh(file: Path) -> Callable[[], bool]:
    """A check that wants a sign of life of late."""

    def check() -> bool:
        try:
            return time.time() - file.stat().st_mtime < HEARTBEAT_MAX_AGE_S
        except FileNotFoundError:
            return False

    return check


def http_ready(port: int, path: str) -> Callable[[], bool]:
    """A check that asks for ``path`` and wants 200."""

    def check() -> bool:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check

"""A Qdrant for tests: :mod:`tests.support.qdrant_front` as a process, and collections of their own."""

import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from apps.search.vectors.client import QdrantAccess
from apps.search.vectors.collections import VectorCollections
from tests.support.polling import wait_until
from tools.paths import ROOT
from tools.ports import pick_port


@contextmanager
def qdrant_running() -> Iterator[str]:
    """Its URL, while it runs."""
    port = pick_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.support.qdrant_front", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            wait_until(lambda: is_ready(url), timeout_s=60, every_s=0.1, what="the front of Qdrant")
            yield url
        finally:
            process.terminate()


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def own_collections(url: str) -> VectorCollections:
    """Under an alias that no other test has."""
    return VectorCollections(QdrantAccess(url), alias=f"t-{uuid.uuid4().hex[:12]}")

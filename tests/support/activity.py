"""A stream of one's own: Redis is shared by tests that run side by side."""

import contextlib
import uuid
from collections.abc import Iterator

import pytest

from apps.activity import keys
from apps.core.redis_client import redis_client


@contextlib.contextmanager
def own_activity(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is noted meanwhile is nobody else's, and gone afterwards."""
    name = f"test:{uuid.uuid4().hex}"
    monkeypatch.setattr(keys, "STREAM", name)
    monkeypatch.setattr(keys, "RECENT", f"{name}:recent")
    yield
    if left := redis_client().keys(f"{name}*"):
        redis_client().delete(*left)

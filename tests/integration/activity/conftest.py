"""A stream of one's own."""

import pytest

from tests.support.activity import own_activity


@pytest.fixture(autouse=True)
def own_keys(monkeypatch):
    with own_activity(monkeypatch):
        yield

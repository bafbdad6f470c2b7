"""Both stores for one test, empty; and a small catalogue."""

import pytest

from tests.support.factories import product_make
from tests.support.generations import own_stores
from tests.support.qdrant import qdrant_running


@pytest.fixture(scope="session")
def qdrant_url():
    with qdrant_running() as url:
        yield url


@pytest.fixture
def both(transactional_db, settings, monkeypatch, qdrant_url):
    """Elasticsearch and Qdrant."""
    yield from own_stores(settings, monkeypatch, qdrant_url)


@pytest.fixture
def text(transactional_db, settings, monkeypatch):
    """Elasticsearch alone."""
    for found, _ in own_stores(settings, monkeypatch, ""):
        yield found


@pytest.fixture
def catalogue(transactional_db):
    """Seven products."""
    names = ("Copper kettle", "Oak table", "Linen sheet", "Iron pan", "Glass jug", "Wool rug", "Clay pot")
    return [product_make(name=name) for name in names]

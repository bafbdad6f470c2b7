"""Both ways to reach a Qdrant."""

import uuid

import pytest

from apps.search.vectors.client import QdrantAccess
from apps.search.vectors.collections import VectorCollections
from tests.support.qdrant import own_collections, qdrant_running


@pytest.fixture(scope="session")
def qdrant_url():
    with qdrant_running() as url:
        yield url


@pytest.fixture(params=["server", "folder"])
def collections(request, db, qdrant_url, tmp_path):
    if request.param == "server":
        return own_collections(qdrant_url)
    return VectorCollections(QdrantAccess(tmp_path.as_uri()), alias=f"t-{uuid.uuid4().hex[:12]}")

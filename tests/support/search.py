"""A real Elasticsearch for tests: indices of their own, and products that get there."""

import os
import uuid
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from apps.products.models import Product
from apps.search.documents import documents_of
from apps.search.elastic.client import elastic_client
from apps.search.elastic.engine import ElasticProductSearch
from apps.search.elastic.index import ElasticIndex

GENERATION = "test"
REASON = "this test needs Elasticsearch, which python -m tools.testbed starts where it can be had"


def elastic_url() -> str:
    """Where it listens; skips the test where there is none."""
    url = os.environ.get("ELASTICSEARCH_TEST_URL", "")
    if not url:
        pytest.skip(REASON)
    return url


def elastic_for_tests() -> Elasticsearch:
    """A client of it."""
    return elastic_client(elastic_url())


def own_index() -> Iterator[ElasticIndex]:
    """An empty index under an alias of its own, gone afterwards."""
    client = elastic_for_tests()
    index = ElasticIndex(client, alias=f"t-{uuid.uuid4().hex[:12]}")
    index.create(GENERATION)
    index.point(GENERATION, previous=None)
    yield index
    for name in client.indices.get(index=f"{index.alias}-*", expand_wildcards="all").body:
        client.indices.delete(index=name)
    client.synonyms.delete_synonym(id=index.alias)


def index_everything(index: ElasticIndex) -> None:
    """Bring every product into the index and let searches see it."""
    index.write([GENERATION], documents_of(list(Product.objects.values_list("pk", flat=True))), refresh=True)


def engine_on(index: ElasticIndex) -> ElasticProductSearch:
    """The engine that searches it."""
    return ElasticProductSearch(elastic_for_tests(), timeout_s=10, alias=index.alias)

"""A server and qdrant-client's folder do the same; the server is the front that stands in for Qdrant's own."""

import time

import pytest

from apps.search.documents import Rendered, documents_of
from apps.search.errors import EngineUnavailable
from apps.search.vectors import collections as module
from apps.search.vectors.client import QdrantAccess
from apps.search.vectors.collections import VectorCollections
from tests.support.factories import product_make


def rendered(*products, version=None, missing=(), **changes):
    found = documents_of([product.pk for product in products])
    documents = {pk: {**document, **changes} for pk, document in found.documents.items()}
    return Rendered(version or found.version, documents, list(missing))


@pytest.fixture
def filled(collections):
    """Generation ``a`` with two products."""
    products = [product_make(name="Copper kettle"), product_make(name="Oak table")]
    collections.create("a")
    collections.write(["a"], rendered(*products, version=10))
    return products


def test_what_is_written_is_there(collections, filled):
    kettle, table = filled
    assert collections.generations() == ["a"]
    assert collections.count("a") == 2
    assert collections.ids_after("a", 0, limit=10) == [kettle.pk, table.pk]
    assert collections.ids_after("a", kettle.pk, limit=10) == [table.pk]
    documents = documents_of([kettle.pk]).documents
    assert collections.fingerprints("a", [kettle.pk]) == {
        kettle.pk: collections.fingerprint(documents[kettle.pk])
    }
    assert collections.finds("a", list(documents.values())) == 1
    assert collections.finds("a", [{**documents[kettle.pk], "name": "Wool rug"}]) == 0


def test_an_older_state_never_replaces_a_newer_one(collections, filled):
    kettle, _ = filled
    collections.write(["a"], rendered(kettle, version=12, price_minor=2))
    late = rendered(kettle, version=11, price_minor=1)
    collections.write(["a"], late)
    stored = collections.fingerprints("a", [kettle.pk])[kettle.pk]
    assert stored != collections.fingerprint(late.documents[kettle.pk])
    assert stored == collections.fingerprint(rendered(kettle, price_minor=2).documents[kettle.pk])


def test_a_deletion_outlives_a_late_write_and_is_forgotten_in_the_end(collections, filled, monkeypatch):
    kettle, table = filled
    collections.write(["a"], Rendered(12, {}, [kettle.pk]))
    collections.write(["a"], rendered(kettle, version=11))
    assert collections.ids_after("a", 0, limit=10) == [table.pk]
    assert collections.count("a") == 1
    assert collections.fingerprints("a", [kettle.pk]) == {}
    collections.forget_gone("a")
    collections.write(["a"], rendered(kettle, version=11))
    assert collections.count("a") == 1
    monkeypatch.setattr(module, "GONE_S", -1)
    collections.forget_gone("a")
    collections.write(["a"], rendered(kettle, version=11))
    assert collections.count("a") == 2


def test_several_generations_hear_of_a_change(collections, filled):
    collections.create("b")
    collections.create("b")
    collections.write(["a", "b"], rendered(filled[0]))
    assert (collections.count("a"), collections.count("b")) == (2, 1)


def test_the_alias_moves_only_from_where_it_is_expected(collections, filled):
    collections.create("b")
    assert collections.active() is None
    collections.point("a", previous=None)
    for wrong in (None, "b"):
        with pytest.raises(LookupError):
            collections.point("b", previous=wrong)
    collections.point("b", previous="a")
    assert collections.active() == "b"
    with pytest.raises(LookupError):
        collections.unpoint("a")
    with pytest.raises(RuntimeError, match="b is searched"):
        collections.delete("b")
    collections.delete("a")
    collections.delete("a")
    collections.unpoint("b")
    assert (collections.active(), collections.generations()) == (None, ["b"])


def test_what_is_not_there_is_an_error_of_ours(collections):
    with pytest.raises(EngineUnavailable) as error:
        collections.count("never-made")
    assert error.value.extra["status"] == 404
    with pytest.raises(EngineUnavailable):
        collections.write(["never-made"], rendered(product_make()))
    assert collections.generations() == []


def test_the_rest_of_the_calls_work(collections, filled):
    assert collections.exists("a")
    assert not collections.exists("b")
    collections.finish("a", replicas=0)
    collections.refresh("a")


def test_a_server_that_is_down_is_an_error_of_ours(db):
    gone = VectorCollections(QdrantAccess("http://127.0.0.1:1"))
    with pytest.raises(EngineUnavailable):
        gone.active()


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # of a file that the client leaves open
def test_a_folder_is_waited_for_and_then_given_up(db, tmp_path, monkeypatch):
    monkeypatch.setattr("apps.search.vectors.client.FOLDER_WAIT_S", 0.2)
    first, second = (QdrantAccess(tmp_path.as_uri()) for _ in range(2))
    with first.opened() as outer, first.opened() as inner:
        assert outer is inner
        begin = time.monotonic()
        with pytest.raises(EngineUnavailable), second.opened():
            pass
        assert time.monotonic() - begin > 0.1
    with second.opened() as client:
        assert client.get_collections().collections == []

"""The service ``semantic_search`` reads the very collection that the shop writes and swaps."""

import pytest
from qdrant_client import QdrantClient

from apps.search.documents import Rendered, documents_of
from apps.search.vectors.encoding import texts_encode
from semantic_search.nearest import QdrantNearest, VectorsUnavailable
from tests.support.factories import product_make
from tests.support.qdrant import own_collections

pytestmark = pytest.mark.django_db


def nearest_of(url, alias):
    return QdrantNearest(QdrantClient(url=url, timeout=5, check_compatibility=False), collection=alias)


def test_shown_products_are_found_and_the_alias_is_followed(qdrant_url):
    shop = own_collections(qdrant_url)
    service = nearest_of(qdrant_url, shop.alias)
    kettle, table, hidden = (
        product_make(name=name, is_active=name != "Copper kettle lid")
        for name in ("Copper kettle", "Oak table", "Copper kettle lid")
    )
    question = texts_encode(["Copper kettle"])[0]
    with pytest.raises(VectorsUnavailable):  # nothing was built yet
        service.near(question, limit=5)
    shop.create("a")
    shop.write(["a"], documents_of([kettle.pk, table.pk, hidden.pk]))
    shop.point("a", previous=None)
    (first, score), (second, _) = service.near(question, limit=5)
    assert (first, second) == (kettle.pk, table.pk)
    assert score > 0.5
    assert [pk for pk, _ in service.near(question, limit=1)] == [kettle.pk]
    shop.create("b")
    shop.write(["b"], documents_of([table.pk]))
    shop.write(["b"], Rendered(99, {}, [kettle.pk]))
    shop.point("b", previous="a")
    assert [pk for pk, _ in service.near(question, limit=5)] == [table.pk]


def test_a_qdrant_that_is_away_is_said_so():
    with pytest.raises(VectorsUnavailable):
        nearest_of("http://127.0.0.1:1", "products-text").near(texts_encode(["a"])[0], limit=1)

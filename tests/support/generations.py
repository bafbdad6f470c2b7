"""Stores of a test's own, put where the services look for them."""

import uuid
from collections.abc import Iterator

from django.db import transaction

from apps.core.events import event_emit
from apps.products.services.products import product_update
from apps.search.generations import golden, stores
from apps.search.generations.stores import TextStore
from apps.search.services import indexing, synonyms
from apps.search.vectors import freshness
from apps.search.vectors.collections import VectorCollections
from tests.support.qdrant import own_collections
from tests.support.search import elastic_for_tests, elastic_url


def own_stores(
    settings, monkeypatch, qdrant_url: str
) -> Iterator[tuple[TextStore, VectorCollections | None]]:
    """Empty stores that the settings lead to; without a ``qdrant_url``, the text's alone. Gone afterwards."""
    settings.MESHOP = settings.MESHOP.model_copy(
        update={"elasticsearch_url": elastic_url(), "qdrant_url": qdrant_url}
    )
    client = elastic_for_tests()
    text = TextStore(client, alias=f"t-{uuid.uuid4().hex[:12]}")
    vectors = own_collections(qdrant_url) if qdrant_url else None
    for module, name, store in (
        (stores, "text_store", text),
        (golden, "text_store", text),
        (indexing, "elastic_index", text),
        (synonyms, "elastic_index", text),
        (stores, "vector_store", vectors),
        (golden, "vector_store", vectors),
        (freshness, "vector_collections", vectors),
    ):
        monkeypatch.setattr(module, name, lambda store=store: store)
    yield text, vectors
    for found in client.indices.get(index=f"{text.alias}-*", expand_wildcards="all").body:
        client.indices.delete(index=found)
    client.options(ignore_status=404).indices.delete_index_template(name=f"{text.alias}-generations")
    client.options(ignore_status=404).synonyms.delete_synonym(id=text.alias)


def pks(products):
    """Ids in their order."""
    return sorted(product.pk for product in products)


def stored(store, generation):
    """Ids that a generation of a store has."""
    return store.ids_after(generation, 0, limit=100)


def call_update(pk, **data):
    """Change a product as staff does."""
    product_update(product_id=pk, data=data)


def call_deleted(product):
    """Tell consumers that a product is gone."""
    with transaction.atomic():
        event_emit(
            type="product.deleted",
            aggregate=f"product:{product.pk}",
            payload={"product_id": product.pk, "sku": product.sku, "slug": product.slug},
        )

"""The index follows the rows, whatever the order in which it is told."""

import uuid

from django.utils import timezone

from apps.core.events import Event
from apps.products.models import Product
from apps.products.services.products import product_create, product_update
from apps.search.consumers import on_catalogue_changed
from apps.search.documents import Rendered, documents_of
from apps.search.elastic.client import elastic_client
from apps.search.elastic.index import ElasticIndex
from apps.search.models import DirtyProduct
from apps.search.services import indexing
from apps.search.services.indexing import dirty_mark, index_catch_up
from meshop_shared.events import event_schema
from tests.support.search import GENERATION


def kettle(**data):
    return product_create(data={"sku": uuid.uuid4().hex, "name": "Kettle", "price_minor": 100, **data})


def stored(index, product, generation=GENERATION):
    return index.documents(generation, [product.pk]).get(product.pk)


def tell(type, **payload):
    schema = event_schema(type, 1)
    on_catalogue_changed(
        Event(uuid.uuid4(), type, 1, "x", schema.model_validate(payload), timezone.now(), {})
    )


def test_an_event_brings_the_product_to_the_index(index):
    product = kettle()
    tell("product.created", product_id=product.pk, sku=product.sku, slug=product.slug)
    assert stored(index, product)["name"] == "Kettle"
    assert not DirtyProduct.objects.exists()


def test_what_is_read_earlier_never_replaces_what_is_read_later(index):
    product = kettle()
    early = documents_of([product.pk])
    product_update(product_id=product.pk, data={"name": "Teapot"})
    late = documents_of([product.pk])
    index.write([GENERATION], late)
    assert index.write([GENERATION], early).outdated == 1
    assert stored(index, product)["name"] == "Teapot"


def test_a_deletion_outlives_a_late_write(index):
    product = kettle()
    early = documents_of([product.pk])
    Product.objects.filter(pk=product.pk).delete()
    index.write([GENERATION], documents_of([product.pk]))
    index.write([GENERATION], early)
    assert stored(index, product) is None


def test_a_change_during_indexing_keeps_its_mark(index, monkeypatch):
    product = kettle()
    dirty_mark(product_ids=[product.pk])
    write = index.write
    calls = []

    def write_slowly(generations, rendered: Rendered):
        if not calls:
            product_update(product_id=product.pk, data={"name": "Teapot"})
            dirty_mark(product_ids=[product.pk])
        calls.append(rendered.version)
        return write(generations, rendered)

    monkeypatch.setattr(ElasticIndex, "write", lambda self, *args: write_slowly(*args))
    assert index_catch_up() == 2
    assert len(calls) == 2
    assert stored(index, product)["name"] == "Teapot"


def test_an_outage_keeps_the_marks(index, monkeypatch):
    product = kettle()
    dirty_mark(product_ids=[product.pk])
    gone = ElasticIndex(elastic_client("http://127.0.0.1:1"), alias=index.alias)
    with monkeypatch.context() as outage:
        outage.setattr(indexing, "elastic_index", lambda: gone)
        assert index_catch_up() == 0
    assert DirtyProduct.objects.get().claimed_until is None
    assert index_catch_up() == 1
    assert stored(index, product)["name"] == "Kettle"

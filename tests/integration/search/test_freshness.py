"""The index follows the rows, whatever the order in which it is told."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core.events import Event
from apps.core.models import OutboxEvent
from apps.inventory.models import StockMovement
from apps.inventory.reservations import stock_release, stock_reserve
from apps.inventory.services import StockLine, stock_move
from apps.products.models import Product
from apps.products.services.products import product_create, product_update
from apps.search.consumers import on_catalogue_changed
from apps.search.documents import Rendered, documents_of
from apps.search.elastic.client import elastic_client
from apps.search.elastic.index import ElasticIndex
from apps.search.locks import search_lock_tried
from apps.search.models import DirtyProduct, SearchSynonym
from apps.search.services import indexing, synonyms
from apps.search.services.indexing import TEXT, dirty_mark, index_catch_up
from meshop_shared.events import event_schema
from tests.support.factories import product_make, variant_make
from tests.support.search import GENERATION
from tests.support.threads import run_together


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


def test_what_sells_out_or_comes_back_is_known_to_the_index(index):
    product = kettle(stock=2)
    tell("product.created", product_id=product.pk, sku=product.sku, slug=product.slug)
    for change, in_stock in ((-2, False), (1, True)):
        OutboxEvent.objects.all().delete()
        stock_move(stock_item_id=product.stock_item_id, quantity=change, kind=StockMovement.Kind.ADJUSTMENT)
        event = OutboxEvent.objects.get()
        assert (event.type, event.payload["in_stock"]) == ("stock.changed", in_stock)
        tell(event.type, **event.payload)
        assert stored(index, product)["in_stock"] is in_stock


def test_variants_tell_their_product(index):
    product = product_make(stock=None)
    variant = variant_make(product=product, stock=1)
    dirty_mark(product_ids=[product.pk])
    index_catch_up()
    with transaction.atomic():
        reserve = StockLine(stock_item_id=variant.stock_item_id, quantity=1)
        stock_reserve(lines=[reserve], reference="order:1", expires_at=timezone.now() + timedelta(hours=1))
    tell("stock.changed", **OutboxEvent.objects.get(type="stock.changed").payload)
    assert stored(index, product)["in_stock"] is False
    stock_release(reference="order:1")
    tell("stock.changed", **OutboxEvent.objects.filter(type="stock.changed").latest("id").payload)
    assert stored(index, product)["in_stock"] is True


def test_sales_that_leave_something_are_not_told(db):
    product = product_make(stock=5)
    stock_move(stock_item_id=product.stock_item_id, quantity=-2, kind=StockMovement.Kind.ADJUSTMENT)
    assert not OutboxEvent.objects.filter(type="stock.changed").exists()


def test_synonyms_that_an_outage_kept_back_arrive_later(index, monkeypatch):
    monkeypatch.setattr(synonyms, "elastic_index", lambda: ElasticIndex(elastic_client("http://127.0.0.1:1")))
    SearchSynonym.objects.create(rule="sofa, couch")
    assert not synonyms.synonyms_reconcile()
    monkeypatch.setattr(synonyms, "elastic_index", lambda: index)
    assert synonyms.synonyms_reconcile()
    assert [rule for _, rule in index.synonyms_get()] == ["sofa, couch"]
    assert not synonyms.synonyms_reconcile()
    SearchSynonym.objects.all().delete()
    assert synonyms.synonyms_reconcile()
    assert index.synonyms_get() == []


def test_who_writes_the_index_also_takes_what_others_leave(index, monkeypatch):
    first, second = kettle(), kettle()
    dirty_mark(product_ids=[first.pk])
    real = indexing.marked_write

    def written_while_another_leaves_a_mark(*args, **kwargs):
        done = real(*args, **kwargs)
        if not DirtyProduct.objects.exists() and stored(index, second) is None:
            dirty_mark(product_ids=[second.pk])  # after the last look under the lock
        return done

    monkeypatch.setattr(indexing, "marked_write", written_while_another_leaves_a_mark)
    assert index_catch_up() == 2
    assert stored(index, second)["name"] == "Kettle"


@pytest.mark.django_db(transaction=True)
def test_who_finds_somebody_writing_leaves_the_mark(index):
    product = kettle()
    dirty_mark(product_ids=[product.pk])
    with search_lock_tried(TEXT.table) as is_mine:
        assert is_mine
        (there,) = run_together([index_catch_up])
        assert there == 0
    assert index_catch_up() == 1

"""The feature tables follow the shop, whatever arrives twice, late or not at all."""

import json
import uuid
from io import StringIO

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from pydantic import SecretStr

from apps.activity import keys
from apps.activity.models import Activity
from apps.activity.services import activity_flush, activity_note
from apps.core.events import event_emit
from apps.core.models import EventRetry
from apps.features import services
from apps.features.mirrors import MIRRORS
from apps.inventory.services import stock_set_available
from apps.orders.services.orders import order_cancel
from apps.orders.services.placing import order_place
from apps.products.services.products import product_create, product_update
from apps.search.models import SearchedText
from apps.search.services import querylog
from meshop_shared.ai.features import CARTS, PRICES, PRODUCTS, SALES, SEARCHES, STOCK, VIEWS, FeatureTable
from tests.support.delivery import events_deliver
from tests.support.factories import past_order_make, product_make, user_make, variant_make

ADDRESS = {"full_name": "Ada", "line1": "1 Main St", "city": "London", "postal_code": "N1", "country": "GB"}


def rows(store, table: FeatureTable, *columns: str):
    return [
        tuple(dict(zip(table.columns, row, strict=True))[c] for c in columns) for row in store.read(table)
    ]


def place(user, product):
    items = [((product.pk, None), 3)]
    order, _ = order_place(user=user, items=items, shipping_address=ADDRESS, billing_address=ADDRESS)
    return order


@pytest.mark.parametrize("times", [1, 2])
def test_sales_follow_the_orders(store, times):
    user, product = user_make(), product_make(sku="KETTLE", name="Kettle", price_minor=900)
    order = place(user, product)
    events_deliver(times=times)
    sale = ("order_id", "customer", "sku", "name", "quantity", "price_minor", "cancelled")
    assert rows(store, SALES, *sale) == [(order.pk, user.pk, "KETTLE", "Kettle", 3, 900, False)]
    order_cancel(order_id=order.pk, actor=user)
    events_deliver(times=times)
    assert rows(store, SALES, *sale) == [(order.pk, user.pk, "KETTLE", "Kettle", 3, 900, True)]


def test_a_late_row_brings_no_cancelled_order_back(store):
    order = place(user_make(), product_make())
    late = MIRRORS["ai_sale"].rows(of=[order.pk])
    order_cancel(order_id=order.pk, actor=order.user)
    services.features_mirror(table=SALES, of=[order.pk])
    store.put(SALES, late)
    assert rows(store, SALES, "cancelled") == [(True,)]


def test_prices_are_kept_with_their_times(store):
    product = product_create(data={"sku": "KETTLE", "name": "Kettle", "price_minor": 900})
    product_update(product_id=product.pk, data={"price_minor": 800})
    events_deliver(times=2)
    assert rows(store, PRICES, "sku", "price_minor") == [("KETTLE", 900), ("KETTLE", 800)]


def test_stock_follows_what_is_sold_out_and_comes_again(store):
    user, product = user_make(), product_make(sku="KETTLE", stock=3)
    shirt = product_make(sku="SHIRT", stock=None)
    variant = variant_make(product=shirt, stock=2)
    assert rows(store, STOCK, "sku") == []
    place(user, product)  # 3 of 3
    stock_set_available(stock_item_id=variant.stock_item_id, available=0)
    events_deliver(times=2)
    assert rows(store, STOCK, "sku", "quantity") == [("KETTLE", 3), ("SHIRT", 2), ("SHIRT", -2)]
    before = list(store.read(STOCK))
    services.features_backfill(table=STOCK)
    assert list(store.read(STOCK)) == before


def test_products_say_what_they_say_in_the_shop(store):
    product = product_create(
        data={
            "sku": "KETTLE",
            "name": "Kettle",
            "brand": "Acme",
            "price_minor": 900,
            "attributes": {"size": "L"},
        }
    )
    events_deliver(times=2)
    seen = ("sku", "name", "words", "attributes", "shown")
    assert rows(store, PRODUCTS, *seen) == [("KETTLE", "Kettle", "Acme", '{"size": "L"}', True)]
    late = MIRRORS["ai_product"].rows(of=[product.pk])
    product_update(product_id=product.pk, data={"name": "Teapot"})
    events_deliver()
    store.put(PRODUCTS, late)
    assert rows(store, PRODUCTS, "name") == [("Teapot",)]
    product_update(product_id=product.pk, data={"is_active": False})
    events_deliver()
    assert rows(store, PRODUCTS, "shown") == [(False,)]


def test_an_import_brings_all_products(store):
    product_make(sku="ONE")
    assert rows(store, PRODUCTS, "sku") == []
    event_emit(
        type="catalogue.imported",
        payload={"source": "test", "created": 1, "updated": 0},
        aggregate="catalogue:1",
    )
    events_deliver(times=2)
    assert rows(store, PRODUCTS, "sku") == [("ONE",)]


def test_backfill_is_what_events_would_have_brought(store):
    user, product = user_make(), product_create(data={"sku": "KETTLE", "name": "Kettle", "price_minor": 900})
    past_order_make(user, product, product)
    past_order_make(None, product, status="cancelled")
    done(user, product, "viewed", 0)
    done(user, product, "added", 2)
    SearchedText.objects.create(day=timezone.now().date(), text="kettle", searches=3, in_vain=1)
    for _ in range(2):
        output = StringIO()
        call_command("ai_backfill", stdout=output)
        told = [json.loads(line) for line in output.getvalue().splitlines()]
        assert [(line["table"], line["rows"]) for line in told] == [
            ("ai_sale", 3),
            ("ai_price", 1),
            ("ai_product", 1),
            ("ai_view", 1),
            ("ai_cart", 1),
            ("ai_search", 1),
            ("ai_stock", 0),
        ]
        assert rows(store, VIEWS, "customer", "sku") == [(user.pk, "KETTLE")]
        assert rows(store, CARTS, "kind", "quantity") == [("added", 2)]
        assert rows(store, SEARCHES, "text", "searches", "in_vain") == [("kettle", 3, 1)]
        assert rows(store, SALES, "customer", "cancelled") == [(user.pk, False)] * 2 + [(None, True)]
    before = list(store.read(SALES)), list(store.read(PRICES))
    with psycopg.connect(store._url) as connection:
        connection.execute("TRUNCATE ai_sale, ai_price")
    for table, ids in ((SALES, [1, *_order_ids()]), (PRICES, [product.pk])):
        services.features_mirror(table=table, of=ids)
    assert (list(store.read(SALES)), list(store.read(PRICES))) == before


def done(user, product, kind, quantity):
    return Activity.objects.create(
        entry=uuid.uuid4().hex, kind=kind, visitor=f"u{user.pk}", user_id=user.pk, product_id=product.pk,
        quantity=quantity, at=timezone.now(),
    )  # fmt: skip


@pytest.mark.parametrize("times", [1, 2])
def test_views_carts_and_searches_follow(store, monkeypatch, times):
    for module, name in ((keys, "STREAM"), (keys, "RECENT"), (querylog, "KEY"), (querylog, "TAKEN")):
        monkeypatch.setattr(module, name, f"test:{uuid.uuid4().hex}")
    user, product = user_make(), product_make(sku="KETTLE")
    for kind in ("viewed", "added"):
        activity_note(kind=kind, user_id=user.pk, token=None, product_ids=[product.pk], quantity=1)
    activity_flush()
    for found in (1, 0):
        querylog.query_count(text="kettle", found=found)
        querylog.query_log_flush()
        events_deliver(times=times)
    assert rows(store, VIEWS, "visitor", "customer", "sku") == [(f"u{user.pk}", user.pk, "KETTLE")]
    assert rows(store, CARTS, "customer", "sku", "kind", "quantity") == [(user.pk, "KETTLE", "added", 1)]
    assert rows(store, SEARCHES, "text", "searches", "in_vain") == [("kettle", 2, 1)]
    text = SearchedText.objects.get()
    store.put(SEARCHES, [(text.pk, text.day, "kettle", 1, 0)])  # late
    assert rows(store, SEARCHES, "searches", "in_vain") == [(2, 1)]


def _order_ids():
    return [row[1] for row in MIRRORS["ai_sale"].all_rows()]


def test_backfill_without_a_database_says_what_is_missing(db):
    with pytest.raises(CommandError, match="AI_DATABASE_URL"):
        call_command("ai_backfill")


def test_backfill_of_an_unknown_table_names_those_there_are(store):
    with pytest.raises(CommandError, match="ai_sale, ai_price, ai_product"):
        call_command("ai_backfill", "nothing")


def test_an_unreachable_database_fails_the_event_alone(db, monkeypatch):
    lost = settings.MESHOP.model_copy(update={"ai_database_url": SecretStr("postgres://x@127.0.0.1:1/x")})
    monkeypatch.setattr(settings, "MESHOP", lost)
    place(user_make(), product_make())
    with pytest.raises(AssertionError):  # a consumer failed
        events_deliver()
    assert EventRetry.objects.get().consumer == "features.sales"


def test_nightly_trainings_run_one_by_one_on_full_tables(store, monkeypatch, tmp_path):
    past_order_make(user_make(), product_make())
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.py").write_text(
            f"import pathlib, sys\npathlib.Path({str(tmp_path / 'ran')!r}).open('a').write('{name} ')\n"
            f"sys.exit({int(name == 'bad') * 3})"
        )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(
        settings, "MESHOP", settings.MESHOP.model_copy(update={"ai_trainings": ["bad", "good"]})
    )
    services.models_train()
    assert (tmp_path / "ran").read_text() == "bad good "
    assert len(rows(store, SALES, "sku")) == 1


def test_nothing_is_trained_unless_the_settings_say_so(store):
    past_order_make(user_make(), product_make())
    services.models_train()
    assert rows(store, SALES, "sku") == []

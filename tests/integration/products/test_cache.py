"""Stored answers are true: whatever has been committed shows in the very next answer."""

from datetime import timedelta

import pytest
import redis
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import response_cache
from apps.core.response_cache import CATALOGUE, STOCK, cached_bytes, stamp_bump
from apps.inventory.reservations import stock_release, stock_reserve
from apps.inventory.services import StockLine, stock_set_available
from apps.products.models import Product
from apps.products.services.categories import category_create
from apps.products.services.products import product_deactivate, product_update
from apps.products.services.reviews import review_create
from tests.support.api import client_of
from tests.support.factories import product_make, user_make

# Outside of transactions: inside of one nothing is stored.
pytestmark = pytest.mark.django_db(transaction=True)
LIST = "/api/products/"


@pytest.fixture(autouse=True)
def fresh(transactional_db):
    """No answer from an earlier test, whose rows are gone without a word."""
    for stamp in (CATALOGUE, STOCK):
        stamp_bump(stamp)


@pytest.fixture
def guest(transactional_db):
    return client_of()


@pytest.fixture
def product(transactional_db):
    made = product_make(stock=5, price_minor=1000, name="Kettle")
    stamp_bump(CATALOGUE)
    return made


def queries_of(client, path, **headers):
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path, **headers)
    assert response.status_code in (200, 304), response.content
    return len(queries)


def paths_of(product):
    return [
        LIST, f"{LIST}?in_stock=true", f"{LIST}?ordering=price&cursor=",
        f"{LIST}{product.pk}/", f"{LIST}{product.slug}/",
    ]  # fmt: skip


def shown(guest, path):
    body = guest.get(path).json()
    return body["results"][0] if "results" in body else body


def test_a_stored_answer_takes_no_query_and_is_the_same(guest, product):
    for path in paths_of(product):
        assert queries_of(guest, path) > 0
        first = guest.get(path)
        assert queries_of(guest, path) == 0
        assert guest.get(path).content == first.content


CHANGES = {
    "name": lambda product: product_update(product_id=product.pk, data={"name": "Kettle two"}),
    "price": lambda product: product_update(product_id=product.pk, data={"price_minor": 1}),
    "tags": lambda product: product_update(product_id=product.pk, data={"tags": ["New"]}),
    "stock": lambda product: stock_set_available(stock_item_id=product.stock_item_id, available=2),
    "promise": lambda product: stock_reserve(
        lines=[StockLine(product.stock_item_id, 1)],
        reference="O-1",
        expires_at=timezone.now() + timedelta(hours=1),
    ),
    "review": lambda product: review_create(user=user_make(), product_id=product.pk, rating=4),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows_in_the_very_next_answer(guest, product, change):
    """Red for each change without its ``stamp_bump``."""
    before = {path: shown(guest, path) for path in paths_of(product)}
    CHANGES[change](product)
    for path, old in before.items():
        assert shown(guest, path) != old, path


def test_stock_given_back_shows(guest, product):
    CHANGES["promise"](product)
    assert shown(guest, LIST)["stock"] == 4
    stock_release(reference="O-1")
    assert shown(guest, LIST)["stock"] == 5


def test_counts_follow(guest, product):
    paths = (LIST, f"{LIST}?in_stock=true", f"{LIST}?max_price=50", f"{LIST}categories/")
    assert [guest.get(path).json()["count"] for path in paths] == [1, 1, 1, 0]
    stock_set_available(stock_item_id=product.stock_item_id, available=0)
    assert guest.get(f"{LIST}?in_stock=true").json()["count"] == 0
    product_deactivate(product_id=product.pk)
    category_create(name="Kitchen")
    assert [guest.get(path).json()["count"] for path in paths] == [0, 0, 0, 1]


def test_what_is_not_committed_is_never_stored(guest, product):
    with transaction.atomic():
        product_update(product_id=product.pk, data={"name": "Never"})
        assert shown(guest, LIST)["name"] == "Never"
        transaction.set_rollback(True)
    assert shown(guest, LIST)["name"] == "Kettle"


def test_a_change_that_lands_while_an_answer_is_made_kills_it(product):
    def make():
        Product.objects.filter(pk=product.pk).update(name="Late")
        stamp_bump(CATALOGUE)
        return b"stale"

    assert cached_bytes(name="race", stamps=(CATALOGUE,), make=make) == b"stale"
    assert cached_bytes(name="race", stamps=(CATALOGUE,), make=lambda: b"fresh") == b"fresh"


def test_lost_stamps_do_not_revive_answers(product):
    assert cached_bytes(name="lost", stamps=(CATALOGUE,), make=lambda: b"old") == b"old"
    response_cache.redis_client().delete(f"{connection.settings_dict['NAME']}:stamp:{CATALOGUE}")
    assert cached_bytes(name="lost", stamps=(CATALOGUE,), make=lambda: b"new") == b"new"


def test_callers_with_a_token_pass_by(guest, product):
    user = user_make()
    guest.get(LIST)
    assert queries_of(client_of(user), LIST) > 0


def test_refusals_are_not_stored(guest, product):
    for path, status in ((f"{LIST}?page=9", 404), (f"{LIST}?ordering=x", 400), (f"{LIST}99999999/", 404)):
        assert [guest.get(path).status_code for _ in range(2)] == [status, status]
    ids = {guest.get(f"{LIST}99999999/").json()["request_id"] for _ in range(2)}
    assert len(ids) == 2


def test_order_of_parameters_does_not_matter_but_repetition_does(guest, product):
    guest.get(f"{LIST}?page=1&ordering=price")
    assert queries_of(guest, f"{LIST}?ordering=price&page=1") == 0
    assert queries_of(guest, f"{LIST}?ordering=price&ordering=name&page=1") > 0
    assert queries_of(guest, f"{LIST}?ordering=name&ordering=price&page=1") > 0


def test_media_types_are_negotiated_all_the_same(guest, product):
    assert guest.get(LIST, HTTP_ACCEPT="application/json").status_code == 200
    assert guest.get(LIST, HTTP_ACCEPT="text/html,*/*;q=0.8").status_code == 200
    assert guest.get(LIST, HTTP_ACCEPT="text/csv").status_code == 406


def test_etags(guest, product):
    first = guest.get(LIST)
    etag = first["ETag"]
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    again = guest.get(LIST, HTTP_IF_NONE_MATCH=etag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert guest.get(LIST, HTTP_IF_NONE_MATCH=f'W/"x", W/{etag}').status_code == 304
    assert guest.get(LIST, HTTP_IF_NONE_MATCH='"other"').status_code == 200
    CHANGES["price"](product)
    assert guest.get(LIST, HTTP_IF_NONE_MATCH=etag).status_code == 200


def test_without_redis_everything_is_made_anew(guest, product, monkeypatch):
    class Down:
        def __getattr__(self, name):
            def fail(*args, **kwargs):
                raise redis.ConnectionError("down")

            return fail

    monkeypatch.setattr(response_cache, "redis_client", Down)
    assert shown(guest, LIST)["name"] == "Kettle"
    CHANGES["name"](product)
    assert shown(guest, LIST)["name"] == "Kettle two"


def test_searches_are_never_stored(guest, product):
    for path in (f"{LIST}?search=kettle", "/api/products/suggest/?q=ket"):
        guest.get(path)
        assert queries_of(guest, path) > 0, path

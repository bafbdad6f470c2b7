"""Cursors: complete, stable, unforgeable, and one index range for PostgreSQL."""

import base64

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.api.pagination import Ordering
from apps.products.models import Product
from tests.support.factories import product_make

pytestmark = pytest.mark.django_db
ORDERINGS = ["newest", "price", "-price", "name", "-name", "rating"]


@pytest.fixture
def shelf():
    """Eleven products, many of which are equal in everything but their id."""
    return [
        product_make(price_minor=100 * (number // 4), name=f"N{number // 5}", rating=number // 6).pk
        for number in range(11)
    ]


def walk(guest, query):
    body = guest.get(f"/api/products/?{query}").json()
    pages = [body]
    while body["next"]:
        body = guest.get(body["next"]).json()
        pages.append(body)
    return pages


def ids(pages):
    return [row["id"] for page in pages for row in page["results"]]


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_cursor_and_number_agree_and_the_way_back_is_the_same(shelf, guest, ordering):
    by_number = walk(guest, f"ordering={ordering}&page_size=3")
    by_cursor = walk(guest, f"ordering={ordering}&page_size=3&cursor=")
    assert ids(by_number) == ids(by_cursor)
    assert sorted(ids(by_cursor)) == shelf
    assert by_cursor[0]["previous"] is None
    back, body = [], by_cursor[-1]
    while body["previous"]:
        body = guest.get(body["previous"]).json()
        back.append(body)
    assert [page["results"] for page in reversed(back)] == [page["results"] for page in by_cursor[:-1]]


def test_rows_that_arrive_or_go_shift_nothing(shelf, guest):
    body = guest.get("/api/products/?cursor=&page_size=4").json()
    product_make()
    Product.objects.filter(pk=shelf[0]).update(is_active=False)
    rest = ids(walk(guest, body["next"].partition("?")[2]))
    assert [row["id"] for row in body["results"]] + rest == shelf[:0:-1]


def cursor_of(guest, query):
    link = guest.get(f"/api/products/?page_size=2&cursor=&{query}").json()["next"]
    return link.partition("cursor=")[2].partition("&")[0]


def forged(cursor):
    raw = base64.urlsafe_b64decode(cursor + "==")
    for changed in (
        raw[:-1],
        raw + b"1",
        raw[:9] + b'["n","x",1]',
        raw.replace(b'"n"', b'"p"'),
        b"",
        raw[:9],
    ):
        yield base64.urlsafe_b64encode(changed).rstrip(b"=").decode() or "x"


def test_cursors_that_we_did_not_issue_are_refused(shelf, guest):
    own = cursor_of(guest, "ordering=price")
    foreign = [cursor_of(guest, f"ordering={ordering}") for ordering in ("-price", "name", "newest")]
    for cursor in [*forged(own), *foreign, "é", "a", "=", own[:-2]]:
        response = guest.get("/api/products/", {"ordering": "price", "cursor": cursor})
        assert response.status_code == 400, cursor
        assert "cursor" in response.json()["extra"]["fields"]


@pytest.mark.parametrize(
    ("ordering", "index"),
    [
        ("newest", "product_newest"),
        ("price", "product_by_price"),
        ("-price", "product_by_price"),
        ("name", "product_by_name"),
        ("rating", "product_by_rating"),
    ],
)
def test_a_cursor_is_one_range_of_the_orders_index(shelf, guest, ordering, index):
    """The row comparison is an index condition, not a filter: rows before the cursor are not even looked at."""
    cursor = cursor_of(guest, f"ordering={ordering}")
    with CaptureQueriesContext(connection) as queries:
        guest.get("/api/products/", {"ordering": ordering, "cursor": cursor})
    page = next(q["sql"] for q in queries if "ORDER BY" in q["sql"] and "LIMIT" in q["sql"])
    with connection.cursor() as db:
        db.execute("SET LOCAL enable_seqscan = off")
        db.execute("SET LOCAL enable_bitmapscan = off")
        db.execute("SET LOCAL enable_sort = off")
        db.execute(f"EXPLAIN {page}")
        plan = "\n".join(row[0] for row in db.fetchall())
    assert index in plan, plan
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "ROW(" in condition, plan


def test_descending_orders_compare_the_other_way():
    rows = Ordering(("price_minor", "id"), descending=True)
    assert "<" in str(rows.beyond([1, 2])._operator)
    assert ">" in str(rows.beyond([1, 2], backwards=True)._operator)

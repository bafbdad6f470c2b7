"""``GET products/``: shape, filters, orders, and the number of queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.products.models import Product, ProductImage, Tag
from apps.products.services.categories import category_create
from apps.products.services.products import product_create
from tests.support.factories import product_make, variant_make

pytestmark = pytest.mark.django_db


def ids(response):
    assert response.status_code == 200, response.content
    return [row["id"] for row in response.json()["results"]]


def shelf(count, **fields):
    """Products with everything on them: category, tags, pictures, variants."""
    category = category_create(name="Kitchen")
    tag = Tag.objects.create(name="Gift", slug="gift")
    made = []
    for number in range(count):
        product = product_make(category=category, stock=None if number % 2 else 3, **fields)
        product.tags.add(tag)
        ProductImage.objects.create(product=product, file=f"products/{number}.png", width=1, height=1)
        if number % 2:
            variant_make(product=product, stock=2)
            variant_make(product=product, stock=0)
        made.append(product)
    return made


@pytest.mark.parametrize(
    "query",
    [
        "",
        "&in_stock=true",
        "&category=kitchen",
        "&tag=gift&min_price=1&ordering=price",
        "&attr.colour=red",
        "&search=product",
        "&cursor=",
        "&search=product&category=kitchen&in_stock=true",
    ],
)
def test_20_and_100_products_take_the_same_few_queries(guest, query):
    shelf(100, attributes={"colour": "red"})
    numbers = []
    for size in (20, 100):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            rows = guest.get(f"/api/products/?page_size={size}{query}").json()["results"]
        assert len(rows) == size
        assert rows[1]["variants"] or rows[0]["variants"]
        assert rows[0]["images"]
        numbers.append(len(queries))
    at_most = 7 if "search" in query else 6  # what staff pinned, and what the words may mean, is asked first
    assert numbers[0] == numbers[1] <= at_most, [q["sql"][:120] for q in queries.captured_queries]


def test_the_page_has_the_whole_product(guest):
    product = shelf(2)[1]
    body = guest.get("/api/products/").json()
    assert (body["count"], body["next"], body["previous"]) == (2, None, None)
    shown = body["results"][0]
    assert shown == guest.get(f"/api/products/{product.pk}/").json()
    assert shown["category"]["slug"] == "kitchen"
    assert shown["tags"] == ["Gift"]
    assert [variant["stock"] for variant in shown["variants"]] == [2, 0]
    assert (shown["stock"], shown["in_stock"]) == (2, True)
    assert shown["images"][0]["url"] == "http://127.0.0.1:8000/media/products/1.png"


def test_category_includes_descendants_only(guest):
    top = category_create(name="Home")
    below = category_create(name="Kitchen", parent_id=top.pk)
    # Its path begins like that of ``top`` only when compared carelessly.
    other = category_create(name="Homeware")
    inside, deep, outside = (product_make(category=category) for category in (top, below, other))
    assert set(ids(guest.get("/api/products/?category=home"))) == {inside.pk, deep.pk}
    assert ids(guest.get("/api/products/?category=kitchen")) == [deep.pk]
    assert ids(guest.get("/api/products/?category=homeware")) == [outside.pk]


def test_stock_is_that_of_the_product_or_of_its_shown_variants(guest):
    simple, empty = product_make(stock=1), product_make(stock=0)
    by_variant, sold_out, retired = (product_make(stock=None) for _ in range(3))
    variant_make(product=by_variant, stock=0)
    variant_make(product=by_variant, stock=2)
    variant_make(product=sold_out, stock=0)
    variant_make(product=retired, stock=5, is_active=False)
    assert set(ids(guest.get("/api/products/?in_stock=true"))) == {simple.pk, by_variant.pk}
    assert set(ids(guest.get("/api/products/?in_stock=false"))) == {empty.pk, sold_out.pk, retired.pk}
    shown = guest.get(f"/api/products/{retired.pk}/").json()
    assert (shown["stock"], shown["variants"]) == (0, [])


def test_price_brand_tag_rating(guest):
    tag = Tag.objects.create(name="Last Chance", slug="last-chance")
    one = product_make(price_minor=1000, brand="Acme", rating=4.5)
    two = product_make(price_minor=2000, brand="Acme", rating=3)
    two.tags.add(tag)
    assert ids(guest.get("/api/products/?min_price=10.01")) == [two.pk]
    assert ids(guest.get("/api/products/?max_price=10")) == [one.pk]
    assert set(ids(guest.get("/api/products/?brand=Acme"))) == {one.pk, two.pk}
    assert ids(guest.get("/api/products/?brand=Acm")) == []
    assert ids(guest.get("/api/products/?tag=last-chance")) == [two.pk]
    assert ids(guest.get("/api/products/?tag=Last Chance")) == [two.pk]
    assert ids(guest.get("/api/products/?min_rating=4.5")) == [one.pk]


def test_attributes_of_products_and_variants(guest):
    own = product_make(attributes={"colour": "red", "litres": 2, "boxed": True})
    by_variant = product_make(stock=None)
    variant_make(product=by_variant, attributes={"colour": "red", "litres": "2"})
    retired = product_make(stock=None)
    variant_make(product=retired, attributes={"colour": "red"}, is_active=False)
    assert set(ids(guest.get("/api/products/?attr.colour=red"))) == {own.pk, by_variant.pk}
    assert set(ids(guest.get("/api/products/?attr.litres=2"))) == {own.pk, by_variant.pk}
    assert ids(guest.get("/api/products/?attr.boxed=true")) == [own.pk]
    assert ids(guest.get("/api/products/?attr.colour=red&attr.boxed=true")) == [own.pk]
    assert ids(guest.get("/api/products/?attr.colour=blue")) == []


@pytest.mark.parametrize(
    ("ordering", "expected"),
    [
        ("price", "bca"),
        ("-price", "acb"),
        ("name", "cab"),
        ("-name", "bac"),
        ("newest", "cba"),
        ("", "cba"),
        ("rating", "bca"),
        ("relevance", "cba"),
    ],
)
def test_orders(guest, ordering, expected):
    made = {
        "a": product_make(name="Mug", price_minor=300, rating=1),
        "b": product_make(name="Pot", price_minor=100, rating=5),
        "c": product_make(name="Cup", price_minor=200, rating=3),
    }
    found = ids(guest.get(f"/api/products/?ordering={ordering}"))
    assert found == [made[letter].pk for letter in expected]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("min_price=cheap", "min_price"),
        ("min_price=-1", "min_price"),
        ("min_price=1.234", "min_price"),
        ("max_price=NaN", "max_price"),
        ("max_price=1e400", "max_price"),
        ("max_price=99999999999999999999999999", "max_price"),
        ("in_stock=perhaps", "in_stock"),
        ("is_active=7", "is_active"),
        ("min_rating=good", "min_rating"),
        ("min_rating=6", "min_rating"),
        ("min_rating=-1", "min_rating"),
        ("min_rating=inf", "min_rating"),
        ("min_rating=nan", "min_rating"),
        ("ordering=price_minor", "ordering"),
        ("ordering=category__path", "ordering"),
        ("category=no-such", "category"),
        ("category=%00", "category"),
        ("brand=%00", "brand"),
        ("tag=%00", "tag"),
        ("search=%00", "search"),
        ("search=" + "x" * 201, "search"),
        ("brand=" + "x" * 201, "brand"),
        ("attr.=x", "attr."),
        ("attr.a=%00", "attr.a"),
        ("&".join(f"attr.a{n}=1" for n in range(11)), "attr"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=1.5", "page"),
        ("page=²", "page"),
        ("page=" + "9" * 40, "page"),
        ("page_size=0", "page_size"),
        ("page_size=101", "page_size"),
        ("cursor=garbage", "cursor"),
        ("cursor=WyJuIiwxXQ", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=é", "cursor"),
    ],
)
def test_a_bad_parameter_is_named(guest, query, field):
    response = guest.get(f"/api/products/?{query}")
    assert response.status_code == 400, response.content
    assert response.json()["code"] == "validation_error"
    assert field in response.json()["extra"]["fields"]


def test_hidden_products_are_for_staff_who_ask(guest, customer, staff):
    shown, hidden = product_make(), product_make(is_active=False)
    assert ids(guest.get("/api/products/")) == ids(staff.get("/api/products/")) == [shown.pk]
    assert guest.get("/api/products/?is_active=false").status_code == 401
    assert customer.get("/api/products/?is_active=false").status_code == 403
    assert ids(staff.get("/api/products/?is_active=false")) == [hidden.pk]
    assert ids(guest.get("/api/products/?is_active=true")) == [shown.pk]


def test_filters_stay_in_the_links(guest):
    for _ in range(3):
        product_make(brand="A & B")
    body = guest.get("/api/products/", {"brand": "A & B", "page_size": 2}).json()
    assert body["next"] == "http://127.0.0.1:8000/api/products/?brand=A+%26+B&page_size=2&page=2"
    last = guest.get(body["next"]).json()
    assert (len(last["results"]), last["next"]) == (1, None)
    assert len(guest.get(last["previous"]).json()["results"]) == 2


def test_services_and_factories_agree(guest, staff):
    product = product_create(
        data={"sku": "K", "name": "Kettle", "price_minor": 1, "stock": 2}, actor=staff.user
    )
    assert Product.objects.get().pk == product.pk
    assert ids(guest.get("/api/products/")) == [product.pk]

"""Wishlists: nobody else's business."""

import pytest

from apps.products.models import Product, WishlistItem
from tests.support.factories import product_make

pytestmark = pytest.mark.django_db
URL = "/api/products/wishlist/"


def wish(client, product):
    return client.post(URL, {"product_id": product.pk})


def test_a_wish_shows_its_product(customer, guest):
    product = product_make()
    response = wish(customer, product)
    body = response.json()
    assert (response.status_code, set(body)) == (201, {"id", "product", "added_at"})
    assert body["product"] == guest.get(f"/api/products/{product.pk}/").json()
    page = customer.get(URL).json()
    assert (page["count"], page["results"]) == (1, [body])


def test_wishing_twice_keeps_one(customer):
    product = product_make()
    first, second = wish(customer, product), wish(customer, product)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


def test_newest_first_in_a_fixed_number_of_queries(customer, django_assert_max_num_queries):
    made = [wish(customer, product_make()).json()["id"] for _ in range(30)]
    with django_assert_max_num_queries(4):
        body = customer.get(f"{URL}?page_size=30").json()
    assert [row["id"] for row in body["results"]] == made[::-1]


def test_hidden_products_are_left_out(customer):
    kept, gone = product_make(), product_make()
    wish(customer, kept)
    wish(customer, gone)
    Product.objects.filter(pk=gone.pk).update(is_active=False)
    body = customer.get(URL).json()
    assert (body["count"], [row["product"]["id"] for row in body["results"]]) == (1, [kept.pk])


def test_taking_back(customer, stranger, guest):
    item = wish(customer, product_make()).json()["id"]
    assert guest.delete(f"{URL}{item}/").status_code == 401
    assert stranger.delete(f"{URL}{item}/").status_code == 404
    assert WishlistItem.objects.count() == 1
    assert customer.delete(f"{URL}{item}/").status_code == 204
    assert customer.delete(f"{URL}{item}/").status_code == 404


def test_lists_are_private(customer, stranger, guest):
    wish(customer, product_make())
    assert stranger.get(URL).json()["count"] == 0
    assert guest.get(URL).status_code == guest.post(URL, {}).status_code == 401


@pytest.mark.parametrize("value", [None, "x", "", 0, -1, 1.5, True, [], {}, 10**30])
def test_bad_ids_are_named(customer, value):
    response = customer.post(URL, {"product_id": value})
    assert response.status_code == 400
    assert list(response.json()["extra"]["fields"]) == ["product_id"]


def test_unknown_and_hidden_products(customer):
    for product_id in (2**62, product_make(is_active=False).pk):
        response = customer.post(URL, {"product_id": product_id})
        assert (response.status_code, response.json()["code"]) == (404, "product_not_found")


@pytest.mark.parametrize("key", ["0", "-1", "x", "1.5", str(2**63), "%00"])
def test_unknown_items(customer, key):
    assert customer.delete(f"{URL}{key}/").status_code == 404

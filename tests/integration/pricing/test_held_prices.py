"""Carts keep a price for a while when it was raised, and never pay more than today's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.orders.models import CartItem, OrderItem
from apps.orders.services.held_prices import cart_prices_hold
from apps.orders.services.placing import order_place
from apps.products.services.products import product_update
from tests.support.api import client_of
from tests.support.factories import user_make
from tests.support.payments import ADDRESS
from tests.support.pricing import priced_product, pricer_make

pytestmark = pytest.mark.django_db
CART, PROPOSALS = "/api/orders/cart/", "/api/pricing/proposals/"


def filled(product, user=None):
    client = client_of(user or user_make())
    client.post(f"{CART}add/", {"product_id": product.pk, "quantity": 2})
    return client


def set_price(product, price: str) -> None:
    pricer = client_of(pricer_make())
    pk = pricer.post(PROPOSALS, {"product_id": product.pk, "price": price}).json()["results"][0]["id"]
    assert pricer.post(f"{PROPOSALS}{pk}/approve/").json()["status"] == "applied"


def line_of(client) -> dict:
    (line,) = client.get(CART).json()["items"]
    return line


def test_a_cart_keeps_its_price_when_the_product_becomes_dearer():
    product, user = priced_product(), user_make()
    client = filled(product, user)
    assert line_of(client)["held_until"] is None
    set_price(product, "10.99")
    line = line_of(client)
    assert (line["unit_price"], line["line_total"]) == ("10.09", "20.18")
    assert line["held_until"] is not None
    late = filled(product)
    assert (line_of(late)["unit_price"], line_of(late)["held_until"]) == ("10.99", None)
    order, _ = order_place(user=user, items=None, shipping_address=ADDRESS, billing_address=ADDRESS)
    assert OrderItem.objects.get(order=order).unit_price_minor == 1_009


def test_a_lower_price_counts_at_once():
    product = priced_product()
    client = filled(product)
    set_price(product, "9.49")
    assert (line_of(client)["unit_price"], line_of(client)["held_until"]) == ("9.49", None)


def test_a_held_price_ends():
    product = priced_product()
    client = filled(product)
    set_price(product, "10.99")
    CartItem.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert (line_of(client)["unit_price"], line_of(client)["held_until"]) == ("10.99", None)


def test_todays_price_counts_where_it_is_lower_than_the_held_one():
    product = priced_product()
    client = filled(product)
    set_price(product, "10.99")
    product_update(product_id=product.pk, data={"price_minor": 900})
    assert (line_of(client)["unit_price"], line_of(client)["held_until"]) == ("9.00", None)


def test_the_lowest_held_price_stays_with_its_time():
    product = priced_product()
    filled(product)
    first = timezone.now() + timedelta(minutes=10)
    cart_prices_hold(product_id=product.pk, price_minor=900, until=first)
    cart_prices_hold(product_id=product.pk, price_minor=950, until=first + timedelta(hours=1))
    item = CartItem.objects.get()
    assert (item.held_price_minor, item.held_until) == (900, first)


def test_a_guests_held_price_comes_along_at_sign_in():
    product, user = priced_product(), user_make(password="correct horse battery")
    guest = client_of()
    token = guest.post(f"{CART}add/", {"product_id": product.pk, "quantity": 1}).json()["token"]
    set_price(product, "10.99")
    guest.post(
        "/api/auth/login/",
        {"email": user.email, "password": "correct horse battery"},
        headers={"X-Cart-Token": token},
    )
    assert line_of(client_of(user))["unit_price"] == "10.09"

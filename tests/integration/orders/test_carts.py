"""Cart services on a real database."""

import pytest
from django.core.management import call_command

from apps.inventory.errors import InsufficientStock
from apps.inventory.services import stock_set_available
from apps.orders.errors import CartItemNotFound, CurrencyMismatch, ProductNotFound, VariantNotFound
from apps.orders.models import Cart, CartItem
from apps.orders.selectors import cart_lines_get
from apps.orders.services.carts import (
    cart_get_or_create,
    cart_item_add,
    cart_item_remove,
    cart_item_set_quantity,
    cart_merge,
    guest_cart_get_or_create,
)
from apps.products.models import Product
from meshop_shared.errors import ValidationFailed
from tests.support.factories import product_make, user_make, variant_make

pytestmark = pytest.mark.django_db


def user_cart() -> Cart:
    return cart_get_or_create(user_id=user_make().pk)


def add(cart: Cart, product: Product, quantity: int = 1, variant_id: int | None = None):
    return cart_item_add(cart_id=cart.pk, product_id=product.pk, variant_id=variant_id, quantity=quantity)


def test_adding_twice_makes_one_line() -> None:
    cart, product = user_cart(), product_make(price_minor=250)
    add(cart, product, 2)
    (line,) = add(cart, product, 3)
    assert (line.quantity, line.unit_price_minor, line.line_total_minor, line.available) == (5, 250, 1250, 10)


@pytest.mark.parametrize(("first", "second"), [(11, None), (6, 5)])
def test_more_than_there_is_changes_nothing(first: int, second: int | None) -> None:
    cart, product = user_cart(), product_make(stock=10)
    if second:
        add(cart, product, first)
    with pytest.raises(InsufficientStock) as caught:
        add(cart, product, second or first)
    (line,) = caught.value.extra["lines"]
    assert (line["product_id"], line["requested"], line["available"]) == (product.pk, 11, 10)
    assert [item.quantity for item in CartItem.objects.all()] == ([first] if second else [])


def test_unknown_and_hidden_products_cannot_be_added() -> None:
    cart, hidden = user_cart(), product_make(is_active=False)
    with pytest.raises(ProductNotFound):
        add(cart, hidden)
    with pytest.raises(ProductNotFound):
        cart_item_add(cart_id=cart.pk, product_id=10**15, variant_id=None, quantity=1)


def test_variants_have_their_own_price_and_stock() -> None:
    cart = user_cart()
    product = product_make(price_minor=1000, stock=None)
    small = variant_make(product=product, stock=2)
    large = variant_make(product=product, stock=2, price_minor=1500)
    add(cart, product, 2, small.pk)
    lines = add(cart, product, 1, large.pk)
    assert [(line.variant_id, line.unit_price_minor) for line in lines] == [
        (small.pk, 1000),
        (large.pk, 1500),
    ]
    with pytest.raises(ValidationFailed) as caught:
        add(cart, product)
    assert "variant_id" in caught.value.extra["fields"]
    with pytest.raises(VariantNotFound):
        add(cart, product_make(), 1, small.pk)


def test_one_cart_has_one_currency() -> None:
    cart = user_cart()
    add(cart, product_make())
    with pytest.raises(CurrencyMismatch):
        add(cart, product_make(currency="INR"))
    assert CartItem.objects.count() == 1


def test_setting_a_quantity() -> None:
    cart, product = user_cart(), product_make(stock=10)
    (line,) = add(cart, product, 2)
    (line,) = cart_item_set_quantity(cart_id=cart.pk, item_id=line.id, quantity=10)
    assert line.quantity == 10


def test_another_cart_is_out_of_reach() -> None:
    mine, theirs = user_cart(), user_cart()
    (line,) = add(theirs, product_make())
    with pytest.raises(CartItemNotFound):
        cart_item_set_quantity(cart_id=mine.pk, item_id=line.id, quantity=5)
    with pytest.raises(CartItemNotFound):
        cart_item_remove(cart_id=mine.pk, item_id=line.id)
    assert CartItem.objects.get().quantity == 1


@pytest.mark.parametrize("token", [None, "", "nonsense", "3d8b336b-8b2d-4de7-afe3-e37451715336"])
def test_an_unknown_token_gets_a_new_cart(token: str | None) -> None:
    cart = guest_cart_get_or_create(token=token)
    assert str(cart.token) != token
    assert guest_cart_get_or_create(token=str(cart.token)) == cart


def test_a_users_cart_cannot_be_reached_by_its_token() -> None:
    cart = user_cart()
    assert guest_cart_get_or_create(token=str(cart.token)) != cart


@pytest.mark.parametrize(
    ("mine", "guest", "stock", "merged"),
    [(0, 3, 10, 3), (2, 3, 10, 5), (4, 4, 6, 6), (4, 2, 1, 4), (2, 4, 0, 4)],
)
def test_merging_adds_up_to_the_stock_and_loses_nothing(
    mine: int, guest: int, stock: int, merged: int
) -> None:
    user, product = user_make(), product_make(stock=100)
    cart, guest_cart = cart_get_or_create(user_id=user.pk), guest_cart_get_or_create(token=None)
    if mine:
        add(cart, product, mine)
    add(guest_cart, product, guest)
    stock_set_available(stock_item_id=product.stock_item_id, available=stock)
    cart_merge(user_id=user.pk, token=str(guest_cart.token))
    assert [line.quantity for line in cart_lines_get(cart_id=cart.pk)] == [merged]
    assert not Cart.objects.filter(pk=guest_cart.pk).exists()


def test_merging_keeps_variants_apart() -> None:
    user, product = user_make(), product_make(stock=None)
    small, large = variant_make(product=product), variant_make(product=product)
    cart, guest_cart = cart_get_or_create(user_id=user.pk), guest_cart_get_or_create(token=None)
    add(cart, product, 1, small.pk)
    add(guest_cart, product, 2, small.pk)
    add(guest_cart, product, 4, large.pk)
    cart_merge(user_id=user.pk, token=str(guest_cart.token))
    assert {line.variant_id: line.quantity for line in cart_lines_get(cart_id=cart.pk)} == {
        small.pk: 3,
        large.pk: 4,
    }


def test_another_users_cart_cannot_be_merged() -> None:
    me, them = user_make(), user_make()
    theirs = cart_get_or_create(user_id=them.pk)
    add(theirs, product_make())
    cart_merge(user_id=me.pk, token=str(theirs.token))
    assert CartItem.objects.get().cart == theirs


@pytest.mark.parametrize("lines", [1, 50])
def test_a_cart_is_read_in_one_query(lines: int, django_assert_num_queries) -> None:
    cart = user_cart()
    for _ in range(lines):
        add(cart, product_make())
    with django_assert_num_queries(1):
        assert len(cart_lines_get(cart_id=cart.pk)) == lines


def test_hidden_products_in_a_cart_are_not_available() -> None:
    cart, product = user_cart(), product_make()
    add(cart, product)
    Product.objects.filter(pk=product.pk).update(is_active=False)
    assert cart_lines_get(cart_id=cart.pk)[0].available == 0


def test_old_guest_carts_are_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    old, fresh, mine = guest_cart_get_or_create(token=None), guest_cart_get_or_create(token=None), user_cart()
    Cart.objects.exclude(pk=fresh.pk).update(updated_at="2020-01-01T00:00:00Z")
    call_command("carts_prune")
    assert "1 guest carts deleted" in capsys.readouterr().out
    assert set(Cart.objects.values_list("pk", flat=True)) == {fresh.pk, mine.pk}
    assert old.pk not in Cart.objects.values_list("pk", flat=True)

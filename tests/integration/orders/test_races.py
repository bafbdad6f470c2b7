"""Many buyers, little stock: nothing is sold twice, nothing is lost."""

import random
from collections import Counter
from functools import partial

import pytest

from apps.accounts.models import User
from apps.inventory.errors import InsufficientStock
from apps.inventory.models import StockItem
from apps.inventory.selectors import stock_drift_list
from apps.orders.errors import CartEmpty, InvalidTransition
from apps.orders.models import CartItem, Order
from apps.orders.services.carts import cart_get_or_create, cart_item_add, cart_merge, guest_cart_get_or_create
from apps.orders.services.orders import order_cancel, order_mark_paid
from apps.orders.services.placing import order_place
from tests.support.factories import product_make, user_make
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = {"full_name": "Ada", "line1": "1 Main St", "city": "London", "postal_code": "N1", "country": "GB"}


def place(user: User, items: list[tuple[tuple[int, int | None], int]] | None) -> Order:
    order, _ = order_place(user=user, items=items, shipping_address=ADDRESS, billing_address=ADDRESS)
    return order


def outcomes(results: list[object]) -> Counter[str]:
    return Counter(type(result).__name__ for result in results)


@pytest.mark.parametrize("units", [1, 7])
def test_500_buyers_for_the_last_units(units: int) -> None:
    product = product_make(stock=units)
    users = [user_make() for _ in range(500)]
    results = run_together([partial(place, user, [((product.pk, None), 1)]) for user in users])
    assert outcomes(results) == {"Order": units, InsufficientStock.__name__: 500 - units}
    assert Order.objects.count() == units
    stock = StockItem.objects.get()
    assert (stock.on_hand, stock.reserved, stock.available) == (units, units, 0)
    assert stock_drift_list() == []


def test_orders_cancellations_and_payments_at_once_reconcile() -> None:
    products = [product_make(stock=stock) for stock in (3, 5, 20, 40)]
    users = [user_make() for _ in range(20)]
    choice = random.Random(7)

    def shop(seed: int) -> str:
        mine = random.Random(seed)
        lines = [
            ((product.pk, None), mine.randint(1, 3)) for product in mine.sample(products, mine.randint(1, 4))
        ]
        try:
            order = place(mine.choice(users), lines)
        except InsufficientStock:
            return "sold out"
        match mine.randint(0, 3):
            case 0:
                order_cancel(order_id=order.pk, actor=users[0])
            case 1:
                order_mark_paid(order_id=order.pk)
            case 2:
                order_mark_paid(order_id=order.pk)
                order_cancel(order_id=order.pk, actor=users[0])
        return "placed"

    results = run_together([partial(shop, choice.random()) for _ in range(300)], at_once=24)
    assert set(outcomes(results)) == {"str"}, [result for result in results if not isinstance(result, str)]
    assert "placed" in results
    assert stock_drift_list() == []
    for stock in StockItem.objects.all():
        assert 0 <= stock.reserved <= stock.on_hand


def test_baskets_in_opposite_orders_do_not_deadlock() -> None:
    products = [product_make(stock=1_000) for _ in range(6)]
    users = [user_make() for _ in range(10)]
    baskets = [
        [((product.pk, None), 1) for product in random.Random(i).sample(products, 6)] for i in range(100)
    ]
    results = run_together(
        [partial(place, users[i % 10], basket) for i, basket in enumerate(baskets)], at_once=20
    )
    assert outcomes(results) == {"Order": 100}


def test_one_cart_is_ordered_once() -> None:
    user, product = user_make(), product_make(stock=100)
    cart_item_add(
        cart_id=cart_get_or_create(user_id=user.pk).pk, product_id=product.pk, variant_id=None, quantity=2
    )
    results = run_together([partial(place, user, None) for _ in range(20)], at_once=20)
    assert outcomes(results) == {"Order": 1, CartEmpty.__name__: 19}


def test_one_order_is_cancelled_once() -> None:
    user, product = user_make(), product_make(stock=5)
    order = place(user, [((product.pk, None), 5)])
    cancel = partial(order_cancel, order_id=order.pk, actor=user)
    results = run_together([cancel for _ in range(20)], at_once=20)
    assert outcomes(results) == {"Order": 1, InvalidTransition.__name__: 19}
    assert stock_drift_list() == []


def test_adding_at_once_never_exceeds_the_stock_and_loses_nothing() -> None:
    user, product = user_make(), product_make(stock=12)
    cart = cart_get_or_create(user_id=user.pk)
    add = partial(cart_item_add, cart_id=cart.pk, product_id=product.pk, variant_id=None, quantity=1)
    results = run_together([add for _ in range(30)], at_once=30)
    assert outcomes(results) == {"list": 12, InsufficientStock.__name__: 18}
    assert CartItem.objects.get().quantity == 12


def test_a_guest_cart_is_merged_once() -> None:
    user, product = user_make(), product_make(stock=100)
    guest = guest_cart_get_or_create(token=None)
    cart_item_add(cart_id=guest.pk, product_id=product.pk, variant_id=None, quantity=3)
    merge = partial(cart_merge, user_id=user.pk, token=str(guest.token))
    results = run_together([merge for _ in range(10)], at_once=10)
    assert outcomes(results) == {"NoneType": 10}
    assert CartItem.objects.get(cart__user=user).quantity == 3

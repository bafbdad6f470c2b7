"""Order services on a real database."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core.models import OutboxEvent
from apps.inventory.errors import InsufficientStock, ReservationLost
from apps.inventory.models import StockItem
from apps.inventory.reservations import reservations_expire
from apps.inventory.selectors import stock_drift_list
from apps.orders.errors import InvalidTransition, ProductNotFound, VariantNotFound
from apps.orders.models import Order, OrderEvent
from apps.orders.selectors import order_has_product
from apps.orders.services.carts import cart_get_or_create, cart_item_add
from apps.orders.services.orders import (
    order_cancel,
    order_deliver,
    order_mark_paid,
    order_ship,
    orders_expire,
)
from apps.orders.services.placing import order_place
from apps.products.models import Product
from meshop_shared.errors import ValidationFailed
from tests.support.factories import product_make, user_make, variant_make

pytestmark = pytest.mark.django_db
ADDRESS = {"full_name": "Ada", "line1": "1 Main St", "city": "London", "postal_code": "N1", "country": "GB"}


def place(user, items) -> Order:
    order, _ = order_place(user=user, items=items, shipping_address=ADDRESS, billing_address=ADDRESS)
    return order


def levels(product: Product) -> tuple[int, int]:
    return StockItem.objects.values_list("on_hand", "reserved").get(pk=product.stock_item_id)


def test_an_order_keeps_what_it_was_when_placed() -> None:
    user, product = user_make(), product_make(price_minor=1250, name="Lamp", sku="LAMP")
    order = place(user, [((product.pk, None), 2)])
    Product.objects.filter(pk=product.pk).update(price_minor=9999, name="Another lamp")
    (item,) = Order.objects.get(pk=order.pk).items.all()
    assert (item.sku, item.name, item.unit_price_minor, item.line_total_minor) == ("LAMP", "Lamp", 1250, 2500)
    assert (order.subtotal_minor, order.shipping_minor, order.total_minor) == (2500, 495, 2995)


def test_from_the_cart_which_is_then_empty() -> None:
    user = user_make()
    product, by_variant = product_make(price_minor=3000), product_make(stock=None, price_minor=1000)
    variant = variant_make(product=by_variant, price_minor=2500)
    cart = cart_get_or_create(user_id=user.pk)
    cart_item_add(cart_id=cart.pk, product_id=product.pk, variant_id=None, quantity=1)
    cart_item_add(cart_id=cart.pk, product_id=by_variant.pk, variant_id=variant.pk, quantity=1)
    order = place(user, None)
    assert [(item.variant_id, item.unit_price_minor) for item in order.items.all()] == [
        (None, 3000),
        (variant.pk, 2500),
    ]
    assert (order.total_minor, cart.items.count()) == (5500, 0)


def test_lines_of_one_product_become_one() -> None:
    product = product_make(stock=5)
    order = place(user_make(), [((product.pk, None), 2), ((product.pk, None), 3)])
    assert [item.quantity for item in order.items.all()] == [5]


def test_the_event_is_committed_with_the_order() -> None:
    order = place(user_make(), [((product_make().pk, None), 1)])
    event = OutboxEvent.objects.get(type="order.placed")
    assert event.aggregate == f"order:{order.pk}"
    assert event.payload["total_minor"] == order.total_minor
    assert [entry.type for entry in order.events.all()] == ["placed"]


def test_nothing_is_left_of_an_order_that_failed() -> None:
    enough, short = product_make(stock=5), product_make(stock=1)
    with pytest.raises(InsufficientStock) as caught, transaction.atomic():
        place(user_make(), [((enough.pk, None), 1), ((short.pk, None), 2)])
    assert caught.value.extra["lines"] == [
        {"product_id": short.pk, "variant_id": None, "requested": 2, "available": 1}
    ]
    assert not Order.objects.exists()
    assert not OutboxEvent.objects.exists()
    assert (levels(enough), levels(short)) == ((5, 0), (1, 0))


def test_unknown_units() -> None:
    user, by_variant = user_make(), product_make(stock=None)
    variant_make(product=by_variant)
    for key, error in [
        ((10**12, None), ProductNotFound),
        ((product_make(is_active=False).pk, None), ProductNotFound),
        ((product_make().pk, 10**12), VariantNotFound),
        ((by_variant.pk, None), ValidationFailed),
    ]:
        with pytest.raises(error), transaction.atomic():
            place(user, [(key, 1)])


def test_the_whole_way() -> None:
    user, product = user_make(), product_make(stock=5)
    order = place(user, [((product.pk, None), 2)])
    assert (levels(product), order_has_product(user_id=user.pk, product_id=product.pk)) == ((5, 2), False)
    order_mark_paid(order_id=order.pk)
    assert (levels(product), order_has_product(user_id=user.pk, product_id=product.pk)) == ((3, 0), True)
    order_ship(order_id=order.pk, actor=user, tracking="T-1")
    order_deliver(order_id=order.pk, actor=user)
    assert list(OrderEvent.objects.order_by("id").values_list("type", flat=True)) == [
        "placed",
        "paid",
        "shipped",
        "delivered",
    ]
    with pytest.raises(InvalidTransition):
        order_cancel(order_id=order.pk, actor=user)
    assert stock_drift_list() == []


@pytest.mark.parametrize("paid", [False, True])
def test_cancelling_gives_the_stock_back(paid: bool) -> None:
    user, product = user_make(), product_make(stock=5)
    order = place(user, [((product.pk, None), 2)])
    if paid:
        order_mark_paid(order_id=order.pk)
    order_cancel(order_id=order.pk, actor=user, reason="changed my mind")
    assert levels(product) == (5, 0)
    assert OrderEvent.objects.get(type="cancelled").data == {"reason": "changed my mind"}
    with pytest.raises(InvalidTransition):
        order_ship(order_id=order.pk, actor=user)
    assert stock_drift_list() == []


def test_unpaid_orders_expire_and_paid_ones_do_not() -> None:
    user, product = user_make(), product_make(stock=10)
    late, paid, fresh = (place(user, [((product.pk, None), 1)]) for _ in range(3))
    order_mark_paid(order_id=paid.pk)
    Order.objects.exclude(pk=fresh.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert orders_expire() == 1
    assert orders_expire() == 0
    statuses = dict(Order.objects.values_list("pk", "status"))
    assert statuses == {late.pk: "cancelled", paid.pk: "processing", fresh.pk: "pending"}
    assert levels(product) == (9, 1)
    assert OrderEvent.objects.filter(type="expired").count() == 1


def test_paying_after_the_stock_went_to_others_is_refused_whole() -> None:
    user, product = user_make(), product_make(stock=1)
    order = place(user, [((product.pk, None), 1)])
    StockItem.objects.get(pk=product.stock_item_id).reservations.update(expires_at=timezone.now())
    assert reservations_expire(stock_item_ids=[product.stock_item_id]) == 1
    with pytest.raises(ReservationLost), transaction.atomic():
        order_mark_paid(order_id=order.pk)
    order.refresh_from_db()
    assert (order.status, order.payment_status) == ("pending", "unpaid")


def test_placing_takes_the_same_number_of_queries_for_any_number_of_lines(
    django_assert_max_num_queries,
) -> None:
    user = user_make()
    for lines in (1, 20):
        items = [((product_make().pk, None), 1) for _ in range(lines)]
        with django_assert_max_num_queries(8):
            place(user, items)

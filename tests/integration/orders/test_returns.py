"""Return requests over the API."""

import pytest
from django.contrib.auth.models import Permission

from apps.core.models import OutboxEvent
from apps.orders.errors import ReturnDecided
from apps.orders.models import Order, ReturnRequest
from apps.orders.services.orders import order_deliver, order_mark_paid, order_ship
from apps.orders.services.returns import return_decide
from tests.support.api import client_of
from tests.support.factories import product_make, user_make

pytestmark = pytest.mark.django_db
ADDRESS = {"full_name": "Ada", "line1": "1 Main St", "city": "London", "postal_code": "N1", "country": "GB"}


@pytest.fixture
def buyer():
    return user_make()


def order_of(buyer, *, delivered=True, quantity=2):
    product = product_make()
    body = {"items": [{"product_id": product.pk, "quantity": quantity}], "shipping_address": ADDRESS}
    order = Order.objects.get(pk=client_of(buyer).post("/api/orders/", body).json()["id"])
    if delivered:
        order_mark_paid(order_id=order.pk)
        order_ship(order_id=order.pk, actor=buyer)
        order_deliver(order_id=order.pk, actor=buyer)
    return order, product


def test_a_whole_order_comes_back(buyer):
    order, product = order_of(buyer)
    client, path = client_of(buyer), f"/api/orders/{order.pk}/returns/"
    answer = client.post(path, {"reason": "Too small"})
    assert answer.status_code == 201
    assert answer.json()["items"] == [{"sku": product.sku, "name": product.name, "quantity": 2}]
    assert client.get(path).json()["results"] == [answer.json()]
    timeline = client.get(f"/api/orders/{order.pk}/timeline/").json()["results"]
    assert timeline[-1]["type"] == "return_requested"
    assert OutboxEvent.objects.filter(type="order.return_requested").count() == 1
    again = client.post(path, {})
    assert (again.status_code, again.json()["code"]) == (409, "return_exists")


def test_a_part_of_it_and_no_more_than_was_bought(buyer):
    order, product = order_of(buyer)
    path = f"/api/orders/{order.pk}/returns/"
    many = {"items": [{"sku": product.sku, "quantity": 2}, {"sku": product.sku, "quantity": 1}]}
    assert client_of(buyer).post(path, many).json()["code"] == "validation_error"
    assert client_of(buyer).post(path, {"items": [{"sku": "no", "quantity": 1}]}).status_code == 400
    answer = client_of(buyer).post(path, {"items": [{"sku": product.sku, "quantity": 1}]})
    assert answer.json()["items"][0]["quantity"] == 1


def test_what_was_not_sent_cannot_come_back(buyer):
    order, _ = order_of(buyer, delivered=False)
    answer = client_of(buyer).post(f"/api/orders/{order.pk}/returns/", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_returnable")


def test_only_its_buyer_asks(buyer):
    order, _ = order_of(buyer)
    staff = user_make(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename="view_order"))
    for stranger in (user_make(), staff):
        answer = client_of(stranger).post(f"/api/orders/{order.pk}/returns/", {})
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
    assert client_of(user_make()).get(f"/api/orders/{order.pk}/returns/").status_code == 404
    assert ReturnRequest.objects.count() == 0


def test_it_is_decided_once(buyer):
    order, _ = order_of(buyer)
    pk = client_of(buyer).post(f"/api/orders/{order.pk}/returns/", {}).json()["id"]
    staff = user_make(is_staff=True)
    assert return_decide(return_id=pk, approve=True, actor=staff).status == "approved"
    with pytest.raises(ReturnDecided):
        return_decide(return_id=pk, approve=False, actor=staff)
    assert client_of(buyer).post(f"/api/orders/{order.pk}/returns/", {}).status_code == 201

"""Carts and orders over the API: what the workflows over HTTP cannot see, as query counts and exact bytes."""

import json
from functools import partial

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Address, User
from apps.orders.models import Order
from apps.orders.services.orders import order_mark_paid
from tests.support.api import client_of
from tests.support.factories import product_make, user_make
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db
ADDRESS = {"full_name": "Ada", "line1": "1 Main St", "city": "London", "postal_code": "N1", "country": "GB"}


def order_body(quantity: int = 1, **fields) -> dict:
    return {
        "items": [{"product_id": product_make().pk, "quantity": quantity}],
        "shipping_address": ADDRESS,
    } | fields


def staff(*codenames: str) -> User:
    user = user_make(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def test_the_cart_costs_the_same_for_1_and_50_lines() -> None:
    counts = []
    for lines in (1, 50):
        client = client_of(user_make())
        for _ in range(lines):
            client.post("/api/orders/cart/add/", {"product_id": product_make().pk, "quantity": 1})
        with CaptureQueriesContext(connection) as queries:
            assert len(client.get("/api/orders/cart/").json()["items"]) == lines
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 4


def test_the_order_list_costs_the_same_for_1_and_20_orders() -> None:
    counts = []
    for orders in (1, 20):
        client = client_of(user_make())
        for _ in range(orders):
            assert client.post("/api/orders/", order_body()).status_code == 201
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/api/orders/").json()["count"] == orders
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


def test_a_replay_is_byte_for_byte_the_first_answer() -> None:
    client, body = client_of(user_make()), order_body()
    first = client.post("/api/orders/", body, headers={"Idempotency-Key": "k-1"})
    again = client.post("/api/orders/", body, headers={"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1


def test_one_key_with_another_body_is_refused() -> None:
    client = client_of(user_make())
    client.post("/api/orders/", order_body(), headers={"Idempotency-Key": "k-1"})
    answer = client.post("/api/orders/", order_body(2), headers={"Idempotency-Key": "k-1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_keys_of_different_users_are_different_keys() -> None:
    for _ in range(2):
        answer = client_of(user_make()).post("/api/orders/", order_body(), headers={"Idempotency-Key": "k-1"})
        assert (answer.status_code, "Idempotent-Replayed" in answer) == (201, False)


def test_a_failed_order_does_not_use_up_its_key() -> None:
    client, product = client_of(user_make()), product_make(stock=1)
    short = {"items": [{"product_id": product.pk, "quantity": 2}], "shipping_address": ADDRESS}
    assert client.post("/api/orders/", short, headers={"Idempotency-Key": "k-1"}).status_code == 409
    assert client.post("/api/orders/", order_body(), headers={"Idempotency-Key": "k-1"}).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_unusable_keys(key: str) -> None:
    answer = client_of(user_make()).post("/api/orders/", order_body(), headers={"Idempotency-Key": key})
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["extra"]["fields"]


@pytest.mark.django_db(transaction=True)
def test_200_clients_with_one_key_make_one_order() -> None:
    user, body = user_make(), json.dumps(order_body())
    clients = [client_of(user) for _ in range(50)]

    def post(number: int) -> tuple[int, bytes]:
        answer = clients[number % 50].post(
            "/api/orders/", body, content_type="application/json", headers={"Idempotency-Key": "k-1"}
        )
        return answer.status_code, answer.content if answer.status_code == 201 else answer.json()["code"]

    answers = run_together([partial(post, number) for number in range(200)])
    assert Order.objects.count() == 1
    bodies = {content for status, content in answers if status == 201}
    assert len(bodies) == 1
    assert {answer for answer in answers if answer[0] != 201} <= {(409, "idempotency_in_flight")}


def test_the_default_address_is_used_when_none_is_given() -> None:
    user, body = user_make(), order_body()
    del body["shipping_address"]
    answer = client_of(user).post("/api/orders/", body)
    assert "shipping_address" in answer.json()["extra"]["fields"]
    Address.objects.create(user=user, type="shipping", is_default=True, **ADDRESS)
    answer = client_of(user).post("/api/orders/", body)
    assert answer.json()["shipping_address"]["city"] == "London"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"items": []}, "items"),
        ({"items": "x"}, "items"),
        ({"items": [1]}, "items.0"),
        ({"items": [{"product_id": "1", "quantity": 1}]}, "items.0.product_id"),
        ({"items": [{"product_id": 1.0, "quantity": 1}]}, "items.0.product_id"),
        ({"items": [{"product_id": 10**30, "quantity": 1}]}, "items.0.product_id"),
        ({"items": [{"product_id": 1, "quantity": 0}]}, "items.0.quantity"),
        ({"items": [{"product_id": 1, "quantity": -1}]}, "items.0.quantity"),
        ({"items": [{"product_id": 1, "quantity": 1.5}]}, "items.0.quantity"),
        ({"items": [{"product_id": 1, "quantity": True}]}, "items.0.quantity"),
        ({"items": [{"product_id": 1}]}, "items.0.quantity"),
        ({"items": [{"product_id": 1, "quantity": 1}] * 101}, "items"),
        ({"shipping_address": {"city": "London"}}, "shipping_address.line1"),
        ({"shipping_address": ADDRESS | {"country": "XX"}}, "shipping_address.country"),
        ({"shipping_address": "home"}, "shipping_address"),
        ({"shipping_address_id": 1}, "shipping_address"),
        ({"note": "x" * 1001}, "note"),
        ({"note": 1}, "note"),
    ],
)
def test_bad_input_names_the_field(change: dict, field: str) -> None:
    answer = client_of(user_make()).post("/api/orders/", order_body() | change)
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["extra"]["fields"]
    assert not Order.objects.exists()


def test_orders_of_others_do_not_exist() -> None:
    order_id = client_of(user_make()).post("/api/orders/", order_body()).json()["id"]
    stranger = client_of(user_make())
    for method, path in [
        ("get", ""), ("put", ""), ("delete", ""), ("get", "timeline/"), ("post", "cancel/"),
    ]:  # fmt: skip
        answer = getattr(stranger, method)(f"/api/orders/{order_id}/{path}")
        assert answer.status_code in (404, 405), (method, path)
    assert client_of().get(f"/api/orders/{order_id}/").status_code == 401
    assert Order.objects.get().status == "pending"


def test_who_may_ship() -> None:
    buyer = user_make()
    order_id = client_of(buyer).post("/api/orders/", order_body()).json()["id"]
    order_mark_paid(order_id=order_id)
    assert client_of(buyer).post(f"/api/orders/{order_id}/ship/").status_code == 403
    assert client_of(staff("view_order")).post(f"/api/orders/{order_id}/ship/").status_code == 403
    warehouse = client_of(staff("view_order", "fulfil_order"))
    assert warehouse.post(f"/api/orders/{order_id}/ship/", {"tracking": "T"}).json()["status"] == "shipped"
    assert warehouse.post(f"/api/orders/{order_id}/ship/").json()["code"] == "invalid_transition"
    assert warehouse.post(f"/api/orders/{order_id}/deliver/").json()["status"] == "delivered"


def test_who_may_see_all_orders() -> None:
    client_of(user_make()).post("/api/orders/", order_body())
    assert client_of(user_make()).get("/api/orders/?scope=all").status_code == 403
    assert client_of(staff("view_order")).get("/api/orders/?scope=all").json()["count"] == 1
    assert client_of(staff("view_order")).get("/api/orders/").json()["count"] == 0


def test_a_guest_keeps_the_cart_by_token_or_by_cookie() -> None:
    first = client_of().post("/api/orders/cart/add/", {"product_id": product_make().pk, "quantity": 2})
    token = first["X-Cart-Token"]
    by_header = client_of(None, x_cart_token=token).get("/api/orders/cart/")
    by_cookie = client_of()
    by_cookie.cookies["cart_token"] = token
    assert (
        by_header.json()["items"]
        == by_cookie.get("/api/orders/cart/").json()["items"]
        == first.json()["items"]
    )
    assert first.cookies["cart_token"]["httponly"]
    assert client_of().get("/api/orders/cart/").json()["items"] == []

"""200 clients with one Idempotency-Key: one order, one payment, one answer."""

from collections import Counter
from functools import partial

import pytest

from apps.accounts.models import User
from apps.orders.models import Order
from apps.payments.models import Payment
from tests.support.api import client_of
from tests.support.factories import product_make, user_make
from tests.support.payments import ADDRESS, order_make
from tests.support.polling import wait_until
from tests.support.threads import run_together

pytestmark = pytest.mark.django_db(transaction=True)

CHECKOUT = "/api/payments/create-checkout-session/"
URLS = {"success_url": "https://a.example/", "cancel_url": "https://b.example/"}
CLIENTS = 200


def until_answered(user: User, path: str, body: dict) -> tuple[int, bytes, list[str]]:
    """Post with the one key until it is not in flight any more: status, body, and the codes met on the way."""
    client, met = client_of(user, **{"Idempotency-Key": "one"}), []
    while True:
        answer = client.post(path, body)
        if answer.status_code != 409:
            return answer.status_code, answer.content, met
        met.append(answer.json()["code"])


def test_one_order_one_payment_identical_answers(stripe):
    user, product = user_make(), product_make(stock=500)
    body = {"items": [{"product_id": product.pk, "quantity": 1}], "shipping_address": ADDRESS}
    orders = run_together([partial(until_answered, user, "/api/orders/", body)] * CLIENTS, at_once=60)
    assert Counter(status for status, _, _ in orders) == {201: CLIENTS}
    assert len({content for _, content, _ in orders}) == 1
    order = Order.objects.get()

    body = {"order_id": order.pk, **URLS}
    answers = run_together([partial(until_answered, user, CHECKOUT, body)] * CLIENTS, at_once=60)
    assert Counter(status for status, _, _ in answers) == {201: CLIENTS}
    assert len({content for _, content, _ in answers}) == 1
    assert Payment.objects.count() == len(stripe.sessions()) == 1
    met = Counter(code for _, _, codes in (*orders, *answers) for code in codes)
    assert set(met) <= {"idempotency_in_flight"}


def test_another_body_with_the_same_key(stripe):
    order = order_make()
    client = client_of(order.user, **{"Idempotency-Key": "one"})
    assert client.post(CHECKOUT, {"order_id": order.pk, **URLS}).status_code == 201
    other = client.post(CHECKOUT, {"order_id": order.pk, **URLS, "cancel_url": "https://c.example/"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


def test_in_flight_while_the_provider_thinks(stripe):
    order = order_make()
    stripe.gate.clear()

    def first() -> int:
        return client_of(order.user, **{"Idempotency-Key": "one"}).post(CHECKOUT, body).status_code

    def second() -> tuple[int, int]:
        wait_until(lambda: stripe.calls, timeout_s=20)
        client = client_of(order.user, **{"Idempotency-Key": "one"})
        same = client.post(CHECKOUT, body)
        changed = client.post(CHECKOUT, {**body, "cancel_url": "https://c.example/"})
        stripe.gate.set()
        assert same.json()["code"] == "idempotency_in_flight"
        return same.status_code, changed.status_code

    body = {"order_id": order.pk, **URLS}
    assert run_together([first, second]) == [201, (409, 422)]
    assert len(stripe.sessions()) == 1


def test_keys_of_other_people_are_other_keys(stripe):
    for _ in range(2):
        order = order_make()
        answer = client_of(order.user, **{"Idempotency-Key": "one"}).post(
            CHECKOUT, {"order_id": order.pk, **URLS}
        )
        assert answer.status_code == 201
    assert Payment.objects.count() == 2

"""The endpoints: who may do what, what is refused, and how many queries a list takes."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.payments.models import Payment, StripeEvent
from tests.support.api import client_of
from tests.support.factories import user_make
from tests.support.payments import deliver, order_make, payment_open, signed

pytestmark = pytest.mark.django_db(transaction=True)

CHECKOUT = "/api/payments/create-checkout-session/"
URLS = {
    "success_url": "https://shop.example/ok?s={CHECKOUT_SESSION_ID}",
    "cancel_url": "http://localhost:3000/",
}


def staff_with(*codenames: str) -> User:
    staff = user_make(is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return staff


@pytest.fixture
def paid(stripe) -> Payment:
    payment = payment_open()
    deliver(*stripe.pay(payment.session_id))
    return payment


def test_checkout_pays_and_shows(stripe):
    order = order_make()
    client = client_of(order.user)
    answer = client.post(CHECKOUT, {"order_id": order.pk, **URLS})
    assert answer.status_code == 201
    assert set(answer.json()) == {"session_id", "url", "payment_id"}
    deliver(*stripe.pay(answer.json()["session_id"]))
    shown = client.get(f"/api/payments/{answer.json()['payment_id']}/").json()
    assert (shown["status"], shown["amount"], shown["captured"]) == ("succeeded", "24.95", "24.95")
    assert (shown["order_id"], shown["url"], shown["refunds"]) == (order.pk, None, [])
    assert client.get("/api/payments/").json()["count"] == 1
    assert client.get(f"/api/payments/?order_id={order.pk}").json()["count"] == 1
    assert client.get("/api/payments/?order_id=1000000").json()["count"] == 0
    entries = client.get("/api/payments/transactions/").json()["results"]
    assert [entry["type"] for entry in entries] == ["sale", "capture"]
    assert entries[1]["lines"] == [
        {"account": "provider_balance", "amount": "24.95"},
        {"account": "customer_receivable", "amount": "-24.95"},
    ]
    assert entries[1]["amount"] == "24.95"


def test_staff_refund_shows_up(stripe, paid):
    staff = staff_with("add_refund", "view_payment", "view_transaction")
    answer = client_of(staff).post(f"/api/payments/{paid.pk}/refund/", {"amount": "4.95", "reason": "Late"})
    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["amount"]) == ("succeeded", "4.95")
    shown = client_of(paid.user).get(f"/api/payments/{paid.pk}/").json()
    assert (shown["status"], shown["refunded"], shown["refundable"]) == (
        "partially_refunded",
        "4.95",
        "20.00",
    )
    (item,) = paid.order.items.all()
    lines = [{"product_id": item.product_id, "quantity": 1}]
    answer = client_of(staff).post(f"/api/payments/{paid.pk}/refund/", {"lines": lines, "reason": "Broken"})
    expected = [{"order_item_id": item.pk, "quantity": 1, "amount": "12.47"}]
    assert answer.json()["lines"] == expected
    client_of(staff).post(f"/api/payments/{paid.pk}/refund/", {"reason": "All of it"})
    assert client_of(staff).get(f"/api/payments/{paid.pk}/").json()["status"] == "refunded"
    assert client_of(staff).get("/api/payments/?scope=all").json()["count"] == 1
    assert client_of(staff).get("/api/payments/transactions/?scope=all").json()["count"] == 5


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", CHECKOUT),
        ("get", "/api/payments/"),
        ("get", "/api/payments/1/"),
        ("post", "/api/payments/1/refund/"),
        ("get", "/api/payments/transactions/"),
        ("get", "/api/payments/methods/"),
        ("delete", "/api/payments/methods/1/"),
    ],
)
def test_nobody_without_a_session(method, path):
    answer = getattr(client_of(), method)(path, {})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


def test_other_peoples_payments_do_not_exist(stripe, paid):
    stranger = client_of(user_make())
    assert stranger.get(f"/api/payments/{paid.pk}/").json()["code"] == "payment_not_found"
    assert stranger.get("/api/payments/").json()["count"] == 0
    assert stranger.get("/api/payments/transactions/").json()["count"] == 0
    answer = stranger.post(CHECKOUT, {"order_id": order_make().pk, **URLS})
    assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")


def test_customers_cannot_refund_nor_see_everything(stripe, paid):
    client = client_of(paid.user)
    assert client.post(f"/api/payments/{paid.pk}/refund/", {"reason": "x"}).status_code == 403
    assert client.get("/api/payments/?scope=all").status_code == 403
    assert client.get("/api/payments/transactions/?scope=all").status_code == 403
    assert (
        client_of(staff_with("view_payment")).post(f"/api/payments/{paid.pk}/refund/", {}).status_code == 403
    )


BAD_CHECKOUTS = [
    {},
    {"order_id": 1},
    {"order_id": "1", **URLS},
    {"order_id": -1, **URLS},
    {"order_id": 2**70, **URLS},
    {"order_id": [1], **URLS},
    {"order_id": True, **URLS},
    {"order_id": 1, **URLS, "success_url": "javascript:alert(1)"},
    {"order_id": 1, **URLS, "success_url": "ftp://a.example/"},
    {"order_id": 1, **URLS, "cancel_url": 5},
    {"order_id": 1, **URLS, "cancel_url": "https://a.example/" + "x" * 2_000},
    {"order_id": 1, **URLS, "save_payment_method": "yes"},
]


@pytest.mark.parametrize("body", BAD_CHECKOUTS)
def test_bad_checkouts(stripe, body):
    answer = client_of(user_make()).post(CHECKOUT, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert stripe.calls == []


@pytest.mark.parametrize("content", ["[]", "nope", '{"order_id": "\\u0000"}'])
def test_bodies_that_are_none(content):
    answer = client_of(user_make()).post(CHECKOUT, content, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


BAD_REFUNDS = [
    {},
    {"reason": ""},
    {"reason": 5},
    {"reason": "x" * 301},
    {"reason": "x", "amount": "-1.00"},
    {"reason": "x", "amount": "0"},
    {"reason": "x", "amount": "0.001"},
    {"reason": "x", "amount": "NaN"},
    {"reason": "x", "amount": {}},
    {"reason": "x", "lines": []},
    {"reason": "x", "lines": {}},
    {"reason": "x", "lines": [1]},
    {"reason": "x", "lines": [{"quantity": 1}]},
    {"reason": "x", "lines": [{"product_id": 1}]},
    {"reason": "x", "lines": [{"product_id": 1, "order_item_id": 1, "quantity": 1}]},
    {"reason": "x", "lines": [{"order_item_id": 1, "quantity": 0}]},
    {"reason": "x", "lines": [{"order_item_id": 1, "quantity": 1.5}]},
    {"reason": "x", "amount": "1.00", "lines": [{"order_item_id": 1, "quantity": 1}]},
]


@pytest.mark.parametrize("body", BAD_REFUNDS)
def test_bad_refunds(stripe, paid, body):
    calls = len(stripe.calls)
    answer = client_of(staff_with("add_refund")).post(f"/api/payments/{paid.pk}/refund/", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "validation_error"
    assert len(stripe.calls) == calls


def test_refunds_that_cannot_be(stripe, paid):
    client = client_of(staff_with("add_refund"))
    path = f"/api/payments/{paid.pk}/refund/"
    answer = client.post(path, {"reason": "x", "amount": "25.00"})
    assert (answer.status_code, answer.json()["code"]) == (409, "refund_exceeds_captured")
    answer = client.post(path, {"reason": "x", "lines": [{"product_id": 10**9, "quantity": 1}]})
    assert (answer.status_code, answer.json()["code"]) == (400, "refund_line_invalid")
    for unknown in (10**9, 2**63, 10**30):
        assert client.post(f"/api/payments/{unknown}/refund/", {"reason": "x"}).status_code == 404
    stripe.trouble.append("drop")
    answer = client.post(path, {"reason": "x"})
    assert (answer.status_code, answer.json()["status"]) == (201, "requested")


def test_a_silent_provider_is_a_503_and_the_key_can_be_used_again(stripe):
    order = order_make()
    client = client_of(order.user, **{"Idempotency-Key": "k"})
    stripe.trouble.append("drop")
    answer = client.post(CHECKOUT, {"order_id": order.pk, **URLS})
    assert (answer.status_code, answer.json()["code"]) == (503, "payment_provider_unavailable")
    assert client.post(CHECKOUT, {"order_id": order.pk, **URLS}).status_code == 201


def test_webhooks_are_taken_from_the_provider_only(stripe):
    payment = payment_open()
    event = stripe.pay(payment.session_id)[-1]
    payload, signature = signed(event)

    def post(payload: bytes, **headers: str) -> int:
        client = client_of()
        answer = client.post("/api/payments/webhook/", payload, content_type="application/json", **headers)
        if answer.status_code != 200:
            assert answer.json()["code"] in ("signature_invalid", "event_malformed")
        return answer.status_code

    assert post(payload) == 400
    forged = signature[:-1] + ("1" if signature.endswith("0") else "0")
    assert post(payload, HTTP_STRIPE_SIGNATURE=forged) == 400
    assert post(payload + b" ", HTTP_STRIPE_SIGNATURE=signature) == 400
    assert not StripeEvent.objects.exists()
    assert post(payload, HTTP_STRIPE_SIGNATURE=signature) == 200
    assert post(payload, HTTP_STRIPE_SIGNATURE=signature) == 200
    assert StripeEvent.objects.get().state == "applied"


@pytest.mark.parametrize(
    "event",
    [
        [],
        {},
        {"id": "evt_1", "object": "event", "type": "x", "created": 1, "data": {}},
        {"id": "evt_1", "object": "event", "type": "x", "created": 10**18, "data": {"object": {}}},
        {"id": "evt_1", "object": "event", "type": "x", "created": "1", "data": {"object": {}}},
        {"id": "evt_1" * 99, "object": "event", "type": "x", "created": 1, "data": {"object": {}}},
        {"id": 1, "object": "event", "type": "x", "created": 1, "data": {"object": {}}},
        {"id": "evt_1", "object": "event", "type": "x\x00", "created": 1, "data": {"object": {}}},
    ],
)
def test_signed_bodies_that_are_no_events(stripe, event):
    payload, signature = signed(event)
    answer = client_of().post(
        "/api/payments/webhook/", payload, content_type="application/json", HTTP_STRIPE_SIGNATURE=signature
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "event_malformed")


def test_stored_cards_are_listed_and_forgotten(stripe):
    payment = payment_open(save_method=True)
    deliver(*stripe.pay(payment.session_id))
    client = client_of(payment.user)
    (card,) = client.get("/api/payments/methods/").json()["results"]
    assert (card["brand"], card["last4"], card["exp_year"]) == ("visa", "4242", 2034)
    path = f"/api/payments/methods/{card['id']}/"
    assert client_of(user_make()).delete(path).json()["code"] == "payment_method_not_found"
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 404
    assert client.get("/api/payments/methods/").json()["count"] == 0
    assert stripe.calls[-1].endswith("/detach")


def test_lists_take_the_same_number_of_queries_however_long(stripe):
    user = user_make()

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client_of(user).get(path).status_code == 200
        return len(captured)

    counts = []
    for _ in range(3):
        payment = payment_open(order_make(user=user))
        deliver(*stripe.pay(payment.session_id))
        counts.append((queries("/api/payments/"), queries("/api/payments/transactions/")))
    assert len(set(counts)) == 1, counts

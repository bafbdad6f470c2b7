"""Orders are scored at checkout, whatever the service does, and can be paid, whatever they score."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.ai_client import ai_client
from apps.fraud.models import FraudReview
from apps.fraud.services.assessments import order_assess
from apps.orders.errors import OrderOnHold
from apps.orders.models import Order, OrderEvent
from apps.orders.services.orders import order_mark_paid, order_ship
from tests.support.api import client_of
from tests.support.factories import user_make
from tests.support.fraud import MODEL, REASON, scored
from tests.support.payments import order_make

pytestmark = pytest.mark.django_db(transaction=True)  # providers are not called in one
CHECKOUT = "/api/payments/create-checkout-session/"


def check_out(order: Order):
    body = {
        "order_id": order.pk,
        "success_url": "https://shop.example/a",
        "cancel_url": "https://shop.example/b",
    }
    return client_of(order.user).post(CHECKOUT, body, REMOTE_ADDR="203.0.113.9")


def test_checkout_scores_with_digests_only(service):
    order = order_make()
    assert check_out(order).status_code == 201
    ((path, question),) = service.asked
    assert (path, question["order"], question["amount"]) == ("/v1/score", str(order.pk), 24.95)
    assert set(question) == {"order", "at", "amount", "user", "address", "ip"}
    assert "203.0.113.9" not in str(question)
    assert order.user.email not in str(question)
    review = FraudReview.objects.get(order=order)
    assert (review.status, review.action, review.source) == ("cleared", "accept", "model")


@pytest.mark.parametrize(("action", "status"), [("review", "open"), ("hold", "open"), ("accept", "cleared")])
def test_what_scores_high_goes_to_the_queue_and_can_be_paid(service, action, status):
    service.answers["/v1/score"] = scored(action, 0.6)
    order = order_make()
    assert check_out(order).status_code == 201
    review = FraudReview.objects.get(order=order)
    assert (review.status, review.model, review.reasons) == (status, MODEL, [REASON])
    order.refresh_from_db()
    assert (order.held_until is not None) == (action == "hold")


def test_held_goods_wait_but_not_for_good(service):
    service.answers["/v1/score"] = scored("hold", 0.9)
    order, clerk = order_make(), user_make(is_staff=True)
    check_out(order)
    order_mark_paid(order_id=order.pk)
    with pytest.raises(OrderOnHold) as refused:
        order_ship(order_id=order.pk, actor=clerk)
    assert "held_until" in refused.value.extra
    assert OrderEvent.objects.filter(order=order, type="checking").count() == 1
    Order.objects.filter(pk=order.pk).update(held_until=timezone.now() - timedelta(seconds=1))
    assert order_ship(order_id=order.pk, actor=clerk).status == "shipped"


@pytest.mark.parametrize("trouble", ["late", "nonsense", "error"])
def test_checkout_goes_on_when_the_service_is(service, trouble):
    if trouble == "nonsense":
        service.answers["/v1/score"] = scored("ban", 0.9)
    elif trouble == "error":
        service.status = 500
    elif trouble == "late":
        service.drip_s = 0.5  # a byte now and then: the answer is never whole in time
    order = order_make()
    assert check_out(order).status_code == 201
    review = FraudReview.objects.get(order=order)
    assert (review.source, review.action, review.model) == ("fallback", "accept", None)
    assert review.reasons[0]["text"]


@pytest.mark.parametrize("urls", [{}, {"fraud_detection": "http://127.0.0.1:1"}], ids=["absent", "down"])
def test_checkout_goes_on_without_the_service(settings, urls):
    settings.MESHOP = settings.MESHOP.model_copy(update={"ai_urls": urls})
    ai_client.cache_clear()
    order = order_make()
    assert check_out(order).status_code == 201
    assert FraudReview.objects.get(order=order).source == "fallback"
    ai_client.cache_clear()


def test_without_the_service_large_orders_go_to_the_queue():
    order = order_make(prices=(60_000,), quantity=1)
    check_out(order)
    review = FraudReview.objects.get(order=order)
    assert (review.status, review.action, review.source) == ("open", "review", "fallback")
    assert review.reasons[0]["text"].startswith("The amount of 600.00 is at least 500.00")


def test_a_later_score_asks_for_more_never_for_less(service):
    service.answers["/v1/score"] = scored("review", 0.3)
    order = order_make()
    check_out(order)
    service.answers["/v1/score"] = scored("accept", 0.01)
    order_assess(order_id=order.pk, card="fp_1")
    assert FraudReview.objects.get(order=order).action == "review"
    assert {"user", "address", "ip", "card"} <= set(service.asked[-1][1])
    service.answers["/v1/score"] = scored("hold", 0.9)
    order_assess(order_id=order.pk, card="fp_1")
    review = FraudReview.objects.get(order=order)
    assert (review.action, review.probability) == ("hold", 0.9)
    order.refresh_from_db()
    assert order.held_until is not None


def test_a_decided_order_is_not_held_again(service):
    order = order_make()
    FraudReview.objects.create(order=order, status="approved", action="hold", probability=0.9, source="model")
    service.answers["/v1/score"] = scored("hold", 0.99)
    order_assess(order_id=order.pk, card="fp_1")
    order.refresh_from_db()
    assert order.held_until is None


def test_an_order_that_is_gone_is_not_scored(service):
    assert order_assess(order_id=10**9) is None
    assert service.asked == []


def test_two_checkouts_at_once_make_one_review(service):
    service.answers["/v1/score"] = scored("hold", 0.9)
    order = order_make()

    def assess(_: int) -> None:
        order_assess(order_id=order.pk, ip="203.0.113.9")
        ai_client("fraud_detection").close()
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(assess, range(8)))
    assert FraudReview.objects.filter(order=order).count() == 1
    assert OrderEvent.objects.filter(order=order, type="checking").count() == 1

"""The analysts' queue: who sees it, what a decision does, and how labels reach the service."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.models import OutboxEvent
from apps.fraud.models import FraudReview
from apps.fraud.services.labels import labels_by_time, labels_tell
from apps.orders.models import Order
from apps.orders.services.holds import order_hold
from apps.orders.services.orders import order_mark_paid, order_ship
from tests.support.api import client_of
from tests.support.factories import user_make
from tests.support.fraud import MODEL, REASON, analyst_make
from tests.support.payments import order_make

pytestmark = pytest.mark.django_db
REVIEWS = "/api/fraud/reviews/"


def review_make(*, action: str = "hold", status: str = "open", **values) -> FraudReview:
    order = order_make()
    review = FraudReview.objects.create(
        order=order, status=status, action=action, probability=0.7, source="model", model=MODEL, reasons=[REASON],
        **values,
    )  # fmt: skip
    if action == "hold":
        order_hold(order_id=order.pk, until=timezone.now() + timedelta(hours=1))
    return review


def test_the_queue_shows_what_waits_and_why(django_assert_num_queries):
    review, _ = review_make(), review_make(action="accept", status="cleared")
    client = client_of(analyst_make())
    client.get(REVIEWS)
    with django_assert_num_queries(5):
        (row,) = client.get(REVIEWS).json()["results"]
    assert row["id"] == review.pk
    assert row["order"]["number"] == review.order.number
    assert row["order"]["held_until"] is not None
    assert (row["source"], row["model"], row["reasons"]) == ("model", MODEL, [REASON])
    assert client.get(f"{REVIEWS}?status=all").json()["count"] == 2
    assert client.get(f"{REVIEWS}?status=all&action=accept").json()["count"] == 1
    assert client.get(f"{REVIEWS}{review.pk}/").json() == row


@pytest.mark.parametrize("query", ["status=nonsense", "action=ban"])
def test_unknown_filters_are_refused(query):
    refused = client_of(analyst_make()).get(f"{REVIEWS}?{query}")
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")


def test_only_staff_with_the_permission():
    review = review_make()
    for client, status in (
        (client_of(), 401),
        (client_of(user_make()), 403),
        (client_of(user_make(is_staff=True)), 403),
    ):
        assert client.get(REVIEWS).status_code == status
        assert client.get(f"{REVIEWS}{review.pk}/").status_code == status
        for path in ("decide", "label"):
            assert client.post(f"{REVIEWS}{review.pk}/{path}/", {"decision": "approve"}).status_code == status


def test_approving_lets_the_goods_go():
    review, clerk = review_make(), user_make(is_staff=True)
    order_mark_paid(order_id=review.order_id)
    answer = client_of(analyst_make()).post(
        f"{REVIEWS}{review.pk}/decide/", {"decision": "approve", "note": "Called."}
    )
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["fraud"], answer.json()["note"]) == (
        "approved",
        False,
        "Called.",
    )
    assert answer.json()["order"]["held_until"] is None
    assert order_ship(order_id=review.order_id, actor=clerk).status == "shipped"
    entry = AuditEntry.objects.get(action="fraud.approve")
    assert entry.target == f"fraud_review:{review.pk}"


def test_rejecting_cancels_the_order_and_its_money_goes_back():
    review = review_make()
    order_mark_paid(order_id=review.order_id)
    answer = client_of(analyst_make()).post(f"{REVIEWS}{review.pk}/decide/", {"decision": "reject"}).json()
    assert (answer["status"], answer["fraud"], answer["order"]["status"]) == ("rejected", True, "cancelled")
    # payments.close returns the money of whatever is cancelled
    assert (
        OutboxEvent.objects.filter(type="order.cancelled", aggregate=f"order:{review.order_id}").count() == 1
    )
    assert AuditEntry.objects.filter(action="fraud.reject").count() == 1


def test_rejecting_what_has_left_only_teaches():
    review, clerk = review_make(action="review"), user_make(is_staff=True)
    order_mark_paid(order_id=review.order_id)
    order_ship(order_id=review.order_id, actor=clerk)
    answer = client_of(analyst_make()).post(f"{REVIEWS}{review.pk}/decide/", {"decision": "reject"}).json()
    assert (answer["status"], answer["fraud"], answer["order"]["status"]) == ("rejected", True, "shipped")


def test_a_review_is_decided_once():
    review, client = review_make(), client_of(analyst_make())
    client.post(f"{REVIEWS}{review.pk}/decide/", {"decision": "approve"})
    again = client.post(f"{REVIEWS}{review.pk}/decide/", {"decision": "reject"})
    assert (again.status_code, again.json()["code"]) == (409, "fraud_review_decided")
    assert Order.objects.get(pk=review.order_id).status == "pending"


def test_what_turns_out_later_is_the_last_word():
    review, client = review_make(action="accept", status="cleared"), client_of(analyst_make())
    answer = client.post(f"{REVIEWS}{review.pk}/label/", {"fraud": True, "note": "Chargeback"}).json()
    assert (answer["status"], answer["fraud"], answer["note"]) == ("cleared", True, "Chargeback")
    assert client.post(f"{REVIEWS}{review.pk}/label/", {"fraud": False}).json()["fraud"] is False
    assert AuditEntry.objects.filter(action="fraud.label").count() == 2


@pytest.mark.parametrize("path", ["", "decide/", "label/"])
def test_unknown_reviews(path):
    client = client_of(analyst_make())
    for pk in (10**9, 2**63 - 1):
        url = f"{REVIEWS}{pk}/{path}"
        answer = client.post(url, {"decision": "approve", "fraud": True}) if path else client.get(url)
        assert (answer.status_code, answer.json()["code"]) == (404, "fraud_review_not_found")


@pytest.mark.parametrize(
    "body", [{}, {"decision": "ban"}, {"decision": "approve", "note": "x" * 501}, {"decision": None}]
)
def test_unclear_decisions_are_refused(body):
    review = review_make()
    assert client_of(analyst_make()).post(f"{REVIEWS}{review.pk}/decide/", body).status_code == 400
    review.refresh_from_db()
    assert review.status == "open"


def test_labels_reach_the_service_once(service):
    review, client = review_make(), client_of(analyst_make())
    client.post(f"{REVIEWS}{review.pk}/decide/", {"decision": "reject"})
    assert labels_tell() == 1
    assert labels_tell() == 0
    ((path, question),) = service.asked
    assert (path, question["order"], question["fraud"]) == ("/v1/feedback", str(review.order_id), True)


def test_labels_wait_for_the_service():
    review = review_make(fraud=True, labelled_at=timezone.now(), label_told=False)
    assert labels_tell() == 0
    review.refresh_from_db()
    assert review.label_told is False


def test_time_labels_what_nobody_complained_about(settings):
    old, young = (
        review_make(action="accept", status="cleared"),
        review_make(action="accept", status="cleared"),
    )
    told = review_make(action="accept", status="cleared", fraud=True, labelled_at=timezone.now())
    long_ago = timezone.now() - timedelta(days=settings.MESHOP.fraud_label_days, minutes=1)
    FraudReview.objects.filter(pk__in=[old.pk, told.pk]).update(created_at=long_ago)
    assert labels_by_time() == 1
    assert labels_by_time() == 0
    for row in (old, young, told):
        row.refresh_from_db()
    assert (old.fraud, old.label_source, old.label_told) == (False, "time", False)
    assert (young.fraud, told.fraud) == (None, True)

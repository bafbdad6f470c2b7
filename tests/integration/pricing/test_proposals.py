"""From a proposal to a price: asking, approving, applying, and what stops it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.models import OutboxEvent
from apps.pricing.models import PriceLimit, PriceProposal
from apps.pricing.services.decisions import proposals_apply_due
from apps.pricing.tasks import propose
from apps.products.models import PriceHistory, Product
from apps.products.services.products import product_update
from tests.support.api import client_of
from tests.support.factories import product_make, user_make
from tests.support.pricing import MODEL, priced_product, pricer_make, proposing

pytestmark = pytest.mark.django_db
PROPOSALS = "/api/pricing/proposals/"


@pytest.fixture
def pricer(db):
    return client_of(pricer_make())


def own(pricer, product, price="10.99"):
    return pricer.post(PROPOSALS, {"product_id": product.pk, "price": price})


def price_of(product) -> int:
    return Product.objects.get(pk=product.pk).price_minor


def long_ago(product) -> None:
    """As if the product had its price for a month."""
    PriceHistory.objects.filter(product=product).update(created_at=timezone.now() - timedelta(days=30))


def test_the_service_is_asked_with_limits_and_nothing_of_customers(service, pricer):
    product = priced_product(sku="A", stock=7)
    service.answers["/v1/propose"] = proposing(1_099)
    made = pricer.post(PROPOSALS, {"product_ids": [product.pk]})
    assert made.status_code == 201
    body = made.json()
    (row,) = body["results"]
    assert (body["source"], body["model"]) == ("model", MODEL)
    assert (row["status"], row["current_price"], row["proposed_price"]) == ("open", "10.09", "10.99")
    assert (row["source"], row["model"], row["reasons"]) == ("model", MODEL, ["It sells better."])
    assert (row["expected"]["margin"], row["expected"]["units"]) == (15.0, 3.0)
    ((_, question),) = service.asked
    (article,) = question["articles"]
    assert (article["floor"], article["cap"], article["cost"], article["stock"]) == (600, 2_000, 500, 7)
    assert article["recent"][-1] == 1_009
    assert set(article) == {
        "sku", "recent", "cost", "stock", "floor", "cap", "step", "ending", "ending_of", "frozen",
    }  # fmt: skip
    assert price_of(product) == 1_009


def test_a_price_that_breaks_a_limit_is_not_kept(service, pricer):
    product = priced_product()
    service.answers["/v1/propose"] = proposing(1_999)
    body = pricer.post(PROPOSALS, {"product_ids": [product.pk]}).json()
    assert body["results"] == []
    assert body["skipped"][0]["reason"] == "The proposed price would break limits: step."
    assert PriceProposal.objects.count() == 0


def test_what_has_no_limits_is_not_priced(service, pricer):
    body = pricer.post(PROPOSALS, {"product_ids": [product_make().pk, 10**9]}).json()
    assert [row["reason"] for row in body["skipped"]] == ["Set the product's cost and limits first."] * 2
    assert service.asked == []


@pytest.mark.parametrize("trouble", ["nonsense", "error"])
def test_without_a_good_answer_prices_stay(service, pricer, trouble):
    product = priced_product()
    service.answers["/v1/propose"] = {"source": "model", "items": [{"sku": product.sku}]}
    service.status = 500 if trouble == "error" else 200
    made = pricer.post(PROPOSALS, {"product_ids": [product.pk]})
    assert made.status_code == 201
    assert made.json()["results"] == []
    assert "prices stay as they are" in made.json()["reasons"][0]


def test_without_the_service_prices_stay(pricer):
    product = priced_product()
    body = pricer.post(PROPOSALS, {}).json()
    assert (body["source"], body["results"], body["model"]) == ("fallback", [], None)
    assert price_of(product) == 1_009


def test_approving_changes_the_price_with_history_event_and_audit(pricer):
    product = priced_product()
    long_ago(product)
    pk = own(pricer, product).json()["results"][0]["id"]
    answer = pricer.post(f"{PROPOSALS}{pk}/approve/")
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["source"]) == ("applied", "staff")
    assert answer.json()["applied_at"] is not None
    assert price_of(product) == 1_099
    assert list(
        PriceHistory.objects.filter(product=product).order_by("id").values_list("price_minor", flat=True)
    ) == [
        1_009,
        1_099,
    ]
    assert OutboxEvent.objects.filter(type="price.changed", aggregate=f"product:{product.pk}").count() == 1
    assert AuditEntry.objects.get(action="price.approve").after["price_minor"] == 1_099
    assert pricer.post(f"{PROPOSALS}{pk}/approve/").json()["code"] == "price_proposal_decided"
    assert proposals_apply_due() == 0
    assert client_of().get(f"/api/products/{product.pk}/").json()["price"] == "10.99"


def test_rejecting_leaves_the_price(pricer):
    product = priced_product()
    pk = own(pricer, product).json()["results"][0]["id"]
    answer = pricer.post(f"{PROPOSALS}{pk}/reject/", {"note": "Not now."}).json()
    assert (answer["status"], answer["note"]) == ("rejected", "Not now.")
    assert price_of(product) == 1_009
    assert AuditEntry.objects.filter(action="price.reject").count() == 1
    assert pricer.post(f"{PROPOSALS}{pk}/reject/").json()["code"] == "price_proposal_decided"
    assert own(pricer, product).status_code == 201


def test_a_scheduled_price_waits_for_its_time(pricer):
    product = priced_product()
    pk = own(pricer, product).json()["results"][0]["id"]
    later = timezone.now() + timedelta(hours=1)
    answer = pricer.post(f"{PROPOSALS}{pk}/approve/", {"apply_at": later.isoformat()}).json()
    assert answer["status"] == "approved"
    assert proposals_apply_due() == 0
    PriceProposal.objects.filter(pk=pk).update(apply_at=timezone.now())
    assert proposals_apply_due() == 1
    assert proposals_apply_due() == 0
    assert price_of(product) == 1_099


def test_the_switch_stops_everything(service, pricer):
    product = priced_product()
    pk = own(pricer, product).json()["results"][0]["id"]
    assert pricer.put("/api/pricing/freeze/", {"frozen": True, "note": "Sale day"}).json()["frozen"] is True
    assert pricer.post(f"{PROPOSALS}{pk}/approve/").json()["status"] == "approved"
    assert (proposals_apply_due(), price_of(product)) == (0, 1_009)
    assert pricer.post(PROPOSALS, {}).json()["code"] == "prices_frozen"
    assert own(pricer, priced_product()).json()["code"] == "prices_frozen"
    assert (propose(), service.asked) == (0, [])
    pricer.put("/api/pricing/freeze/", {"frozen": False})
    assert (proposals_apply_due(), price_of(product)) == (1, 1_099)
    assert AuditEntry.objects.filter(action="price.freeze").count() == 2


def test_limits_are_looked_at_again_when_the_price_changes(pricer):
    product = priced_product()
    pk = own(pricer, product).json()["results"][0]["id"]
    PriceLimit.objects.filter(product=product).update(cap_minor=1_050)
    answer = pricer.post(f"{PROPOSALS}{pk}/approve/").json()
    assert (answer["status"], price_of(product)) == ("failed", 1_009)
    assert "cap" in answer["note"]


def test_two_changes_in_a_day_are_one_step_at_most(pricer):
    product = priced_product()
    long_ago(product)
    pk = own(pricer, product, "10.99").json()["results"][0]["id"]
    pricer.post(f"{PROPOSALS}{pk}/approve/")
    refused = own(pricer, product, "11.99")
    assert (refused.status_code, refused.json()["code"]) == (409, "price_limit_broken")
    assert refused.json()["extra"]["limits"] == ["step"]


def test_a_person_changed_the_price_meanwhile(pricer):
    product = priced_product()
    long_ago(product)
    pk = own(pricer, product).json()["results"][0]["id"]
    product_update(product_id=product.pk, data={"price_minor": 709})
    answer = pricer.post(f"{PROPOSALS}{pk}/approve/").json()
    assert (answer["status"], price_of(product)) == ("failed", 709)


@pytest.mark.parametrize(
    ("price", "limits"), [("5.99", ["floor", "step"]), ("99.99", ["cap", "step"]), ("10.50", ["rounding"])]
)
def test_staff_keep_the_same_limits(pricer, price, limits):
    refused = own(pricer, priced_product(), price)
    assert (refused.status_code, refused.json()["code"]) == (409, "price_limit_broken")
    assert refused.json()["extra"]["limits"] == limits


def test_a_product_has_one_proposal_at_a_time(service, pricer):
    product = priced_product()
    assert own(pricer, product).status_code == 201
    again = own(pricer, product, "10.49")
    assert (again.status_code, again.json()["code"]) == (409, "price_proposal_exists")
    service.answers["/v1/propose"] = proposing(1_049)
    body = pricer.post(PROPOSALS, {"product_ids": [product.pk]}).json()
    assert body["skipped"][0]["reason"].startswith("There is a proposal for this product already")


@pytest.mark.parametrize(
    "body",
    [
        {"price": "9.99"}, {"product_id": 1}, {"product_ids": []}, {"product_ids": ["x"]},
        {"product_ids": list(range(1, 102))},
        {"product_id": 1, "price": "1.00", "product_ids": [1]}, {"product_id": 1, "price": "-1"},
    ],
)  # fmt: skip
def test_unclear_requests_are_refused(pricer, body):
    refused = pricer.post(PROPOSALS, body)
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")


@pytest.mark.parametrize(("method", "path"), [("get", ""), ("post", "approve/"), ("post", "reject/")])
def test_unknown_proposals(pricer, method, path):
    for pk in (10**9, 2**63, 10**30):
        answer = getattr(pricer, method)(f"{PROPOSALS}{pk}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "price_proposal_not_found")


def test_only_staff_with_the_permission():
    product = priced_product()
    for client, status in (
        (client_of(), 401),
        (client_of(user_make()), 403),
        (client_of(user_make(is_staff=True)), 403),
    ):
        assert client.get(PROPOSALS).status_code == status
        assert client.post(PROPOSALS, {}).status_code == status
        assert client.post(f"{PROPOSALS}1/approve/").status_code == status
        assert client.put("/api/pricing/freeze/", {"frozen": True}).status_code == status
        assert client.get(f"/api/pricing/limits/{product.pk}/").status_code == status


def test_the_list_takes_as_many_queries_for_many(pricer, django_assert_max_num_queries):
    for _ in range(3):
        own(pricer, priced_product())
    pricer.get(PROPOSALS)
    with django_assert_max_num_queries(6):
        assert pricer.get(f"{PROPOSALS}?status=open").json()["count"] == 3
    assert pricer.get(f"{PROPOSALS}?status=nonsense").status_code == 400


def test_the_hourly_task_looks_at_all_in_turn(service):
    first, second = priced_product(sku="A"), priced_product(sku="B")
    service.answers["/v1/propose"] = proposing(1_049, 1_009)
    assert propose() == 1
    assert PriceProposal.objects.get().product_id in (first.pk, second.pk)
    assert PriceLimit.objects.filter(proposed_at__isnull=True).count() == 0
    service.answers["/v1/propose"] = proposing(1_009)
    assert propose() == 0
    assert len(service.asked[-1][1]["articles"]) == 1


def test_limits_have_defaults_and_are_audited(pricer):
    product = product_make(price_minor=2_000)
    answer = pricer.put(f"/api/pricing/limits/{product.pk}/", {"cost": "10.00"})
    assert answer.status_code == 200
    assert (answer.json()["floor"], answer.json()["cap"], answer.json()["frozen"]) == (
        "11.00",
        "30.00",
        False,
    )
    assert pricer.get(f"/api/pricing/limits/{product.pk}/").json() == answer.json()
    assert AuditEntry.objects.filter(action="price.limit").count() == 1
    refused = pricer.put(f"/api/pricing/limits/{product.pk}/", {"cost": "10.00", "floor": "12", "cap": "11"})
    assert refused.json()["code"] == "validation_error"
    assert pricer.get("/api/pricing/limits/999999/").status_code == 404
    assert pricer.put(f"/api/pricing/limits/{product.pk}/", {"cost": "1e30"}).status_code == 400


def test_everybody_reads_one_price_and_the_lowest_of_thirty_days(pricer):
    product = priced_product()
    long_ago(product)
    pk = own(pricer, product).json()["results"][0]["id"]
    pricer.post(f"{PROPOSALS}{pk}/approve/")
    url = f"/api/pricing/products/{product.pk}/"
    answers = [client.get(url).json() for client in (client_of(), client_of(user_make()), pricer)]
    assert answers[0] == answers[1] == answers[2]
    assert (answers[0]["price"], answers[0]["lowest_price_30d"]) == ("10.99", "10.09")
    assert [row["price"] for row in answers[0]["history"]] == ["10.09", "10.99"]
    assert client_of().get("/api/pricing/products/999999/").status_code == 404

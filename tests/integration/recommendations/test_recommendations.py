"""What a shopper sees of recommendations, with the service and without."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.orders.models import Order
from tests.support.ai_server import items
from tests.support.api import client_of
from tests.support.factories import past_order_make, user_make

ADDRESS = {
    "full_name": "Ada King", "line1": "12 Row", "city": "Bath", "postal_code": "BA1", "country": "GB",
    "type": "shipping",
}  # fmt: skip


def skus(response) -> list[str]:
    assert response.status_code == 200, response.content
    return [result["product"]["sku"] for result in response.json()["results"]]


def test_similar_products_come_from_the_service(service, catalogue):
    service.answers["/v1/similar"] = items("P3", "P9", "P8", "P4", "P0", "gone", kind="similar", because="P0")
    response = client_of().get(f"/api/products/{catalogue[0].pk}/recommendations/?limit=2")
    body = response.json()
    assert skus(response) == ["P3", "P4"]  # not what is sold out, hidden, unknown or the product itself
    assert body["source"] == "model"
    assert body["model"]["version"] == "test"
    name = catalogue[0].name
    assert body["results"][0]["reason"] == {
        "kind": "similar", "text": f"Similar to {name}", "product_id": catalogue[0].pk,
    }  # fmt: skip
    assert body["reasons"] == [f"Similar to {name}"]
    assert service.asked[0] == ("/v1/similar", {"sku": "P0", "name": name, "limit": 6})


def test_bought_together_asks_another_question_and_slugs_work(service, catalogue):
    service.answers["/v1/bought-together"] = items("P5", kind="together", because="P0")
    response = client_of().get(f"/api/products/{catalogue[0].slug}/recommendations/?kind=together&limit=1")
    assert skus(response) == ["P5"]


def test_too_few_answers_are_filled_up_with_best_sellers(service, catalogue):
    buyer = user_make()
    past_order_make(buyer, catalogue[7])
    service.answers["/v1/similar"] = items("P3", kind="similar", because="P1")
    response = client_of().get(f"/api/products/{catalogue[1].pk}/recommendations/?limit=3")
    body = response.json()
    assert skus(response)[:2] == ["P3", "P7"]
    assert len(set(skus(response))) == 3
    assert body["source"] == "model"
    assert [result["reason"]["kind"] for result in body["results"]] == ["similar", "bestseller", "new"]


@pytest.mark.parametrize("trouble", ["absent", "error", "nonsense", "no model"])
def test_without_the_service_the_category_best_sellers_come(request, catalogue, trouble):
    if trouble != "absent":
        service = request.getfixturevalue("service")
        service.status = 500 if trouble == "error" else 200
        service.raw = b"?" if trouble == "nonsense" else None
        service.answers["/v1/similar"] = items() | {"source": "baseline", "model": None}
    for product, buyers in ((catalogue[4], 2), (catalogue[6], 1), (catalogue[3], 3)):
        for _ in range(buyers):
            past_order_make(user_make(), product)
    past_order_make(user_make(), catalogue[2], status="cancelled")
    response = client_of().get(f"/api/products/{catalogue[0].pk}/recommendations/?limit=4")
    body = response.json()
    assert (body["source"], body["model"]) == ("fallback", None)
    assert skus(response) == ["P4", "P6", "P2", "P3"]  # the category first, then anything
    assert body["results"][0]["reason"]["text"] == "Best seller in Lamps"
    assert body["results"][2]["reason"]["text"] == "New in the shop"
    assert body["results"][3]["reason"]["text"] == "Best seller"


def test_the_service_is_told_what_the_caller_bought_and_nobody_elses(service, catalogue):
    user = user_make()
    past_order_make(user, catalogue[1], catalogue[2])
    past_order_make(user, catalogue[5], status="cancelled")
    past_order_make(user_make(), catalogue[3])
    service.answers["/v1/for-you"] = items("P2", "P4", "P6", kind="bought", because="P1")
    response = client_of(user).get(
        f"/api/recommendations/?limit=2&viewed={catalogue[7].pk},{catalogue[6].pk},999"
    )
    assert skus(response) == ["P4", "P3"]
    path, question = service.asked[0]
    assert path == "/v1/for-you"
    assert {line["sku"] for line in question["bought"]} == {"P1", "P2"}
    assert {line["order"] for line in question["bought"]} == {Order.objects.order_by("pk").first().pk}
    assert question["bought"][0]["price"] == 1.5
    assert question["viewed"] == ["P7", "P6"]
    assert response.json()["results"][0]["reason"]["text"] == f"Because you bought {catalogue[1].name}"


def test_what_was_bought_comes_again_only_when_asked_for(service, catalogue):
    user = user_make()
    past_order_make(user, catalogue[1])
    service.answers["/v1/for-you"] = items("P1", "P2", kind="again")
    client = client_of(user)
    assert "P1" not in skus(client.get("/api/recommendations/"))
    again = client.get("/api/recommendations/?again=true")
    assert skus(again)[0] == "P1"
    assert again.json()["results"][0]["reason"]["text"] == "You bought this before"


def test_a_guest_gets_best_sellers_without_the_service(catalogue):
    past_order_make(user_make(), catalogue[3])
    response = client_of().get("/api/recommendations/?limit=2")
    assert skus(response)[0] == "P3"
    assert response.json()["source"] == "fallback"


def test_a_cart_gets_what_goes_with_it(service, catalogue):
    service.answers["/v1/cart"] = items("P1", "P2", "P3", kind="cart", because="P1")
    guest = client_of()
    added = guest.post("/api/orders/cart/add/", {"product_id": catalogue[1].pk, "quantity": 1})
    token = added.headers["X-Cart-Token"]
    guest.cookies.clear()
    response = client_of(x_cart_token=token).get("/api/orders/cart/recommendations/?limit=2")
    assert skus(response) == ["P2", "P3"]
    assert service.asked[0][1]["skus"] == ["P1"]
    assert response.json()["reasons"] == [f"Goes with {catalogue[1].name} in your cart"]


@pytest.mark.parametrize(
    "token", [None, "nobody", "\x00", "x" * 5000, "00000000-0000-0000-0000-000000000000"]
)
def test_a_cart_that_does_not_exist_is_empty(service, catalogue, token):
    client = client_of()
    if token:
        client.cookies["cart_token"] = token
    assert skus(client.get("/api/orders/cart/recommendations/?limit=2"))
    assert service.asked == []


def test_a_users_cart_is_not_found_by_its_token(service, catalogue):
    user = user_make()
    added = client_of(user).post("/api/orders/cart/add/", {"product_id": catalogue[1].pk, "quantity": 1})
    token = added.json()["token"]
    client_of(x_cart_token=token).get("/api/orders/cart/recommendations/")
    assert service.asked == []
    client_of(user).get("/api/orders/cart/recommendations/")
    assert service.asked[0][1]["skus"] == ["P1"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=31", "limit=-1", "limit=00050", "limit=x", "limit=9999999999", "limit=٣", "viewed=a",
     "viewed=1,,2", "viewed=0", "viewed=" + "9" * 30, "viewed=" + ",".join("1" * 21), "again=perhaps"],
)  # fmt: skip
def test_bad_questions_are_refused(catalogue, query):
    refused = client_of().get(f"/api/recommendations/?{query}")
    assert refused.status_code == 400, refused.content
    assert refused.json()["code"] == "validation_error"


@pytest.mark.parametrize("key", ["999999", "nothing", "wishlist", "0", "9" * 40])
def test_unknown_products_are_not_found(catalogue, key):
    assert client_of().get(f"/api/products/{key}/recommendations/").status_code == 404


def test_a_hidden_product_has_none(catalogue):
    assert client_of().get(f"/api/products/{catalogue[8].pk}/recommendations/").status_code == 404


def test_unknown_kinds_are_refused(catalogue):
    assert client_of().get(f"/api/products/{catalogue[0].pk}/recommendations/?kind=x").status_code == 400


def test_the_number_of_queries_does_not_grow_with_the_answer(service, catalogue):
    counts = []
    for listed in (("P2",), ("P2", "P3", "P4", "P5", "P6")):
        service.answers["/v1/similar"] = items(*listed, kind="similar", because="P1")
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client_of().get(f"/api/products/{catalogue[1].pk}/recommendations/?limit=7")
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize("who", ["customer", "guest"])
def test_what_was_looked_at_a_moment_ago_counts(service, catalogue, who):
    service.answers["/v1/for-you"] = items("P3", kind="viewed", because="P5")
    client = client_of(user_make() if who == "customer" else None)
    headers = {"X-Cart-Token": "a-guest"} if who == "guest" else {}
    for number in (4, 5):
        assert client.post(f"/api/products/{catalogue[number].pk}/view/", headers=headers).status_code == 204
    response = client.get(f"/api/recommendations/?viewed={catalogue[6].pk}&limit=1", headers=headers)
    assert service.asked[0][1]["viewed"] == ["P6", "P5", "P4"]
    assert response.json()["results"][0]["reason"]["text"] == f"Because you viewed {catalogue[5].name}"
    assert client_of().get("/api/recommendations/?limit=1").status_code == 200
    assert service.asked[1][1]["viewed"] == []

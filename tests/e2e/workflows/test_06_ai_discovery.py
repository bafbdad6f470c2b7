"""Finding things with the help of the four AI services, through the front door; none of them needs to have a model.

Classes say whether they need their service; the others run once more in ``test_96_ai_outage``, with all of them dead.
Pictures are in ``test_06_ai_discovery_pictures``.
"""

import time

import httpx
import pytest

from tests.e2e.support.answers import ids, not_found, ok, refused_field
from tests.e2e.support.things import unique
from tests.support.polling import wait_until

SOURCES = {"model", "cache", "baseline", "fallback"}


def shown(answer):
    """Ids of the products of an answer, after a look at its form."""
    assert set(answer) == {"source", "model", "reasons", "results"}
    assert answer["source"] in SOURCES
    assert (answer["model"] is None) == (answer["source"] in ("baseline", "fallback"))
    for result in answer["results"]:
        assert result["reason"]["text"] in answer["reasons"]
        assert result["product"]["in_stock"]
    found = [result["product"]["id"] for result in answer["results"]]
    assert len(found) == len(set(found))
    return found


class TestRecommendations:
    @pytest.mark.parametrize("kind", ["similar", "together"])
    def test_a_product_leads_to_others(self, staff, guest, kind):
        product, _ = staff.add_product(), staff.add_product()
        found = shown(ok(guest.get(f"products/{product['id']}/recommendations/", kind=kind, limit=30)))
        assert found
        assert product["id"] not in found
        assert found == shown(
            ok(guest.get(f"products/{product['slug']}/recommendations/", kind=kind, limit=30))
        )

    def test_what_is_sold_out_or_hidden_is_not_shown(self, staff, guest):
        category = staff.add_category()
        product = staff.add_product(category_id=category["id"])
        there = staff.add_product(category_id=category["id"])
        empty = staff.add_product(category_id=category["id"], stock=0)
        hidden = staff.add_product(category_id=category["id"])
        assert staff.delete(f"products/{hidden['id']}/").status_code == 204
        found = shown(ok(guest.get(f"products/{product['id']}/recommendations/", limit=30)))
        assert there["id"] in found
        assert not {empty["id"], hidden["id"], product["id"]} & set(found)

    def test_a_guest_is_recommended_something(self, guest):
        assert shown(ok(guest.get("recommendations/", limit=5)))

    def test_what_somebody_viewed_is_not_shown_again(self, guest):
        first = shown(ok(guest.get("recommendations/", limit=5)))
        viewed = ",".join(str(pk) for pk in first[:3])
        assert not set(first[:3]) & set(shown(ok(guest.get("recommendations/", viewed=viewed, limit=30))))

    @pytest.mark.parametrize("who", ["guest", "customer"])
    def test_what_the_shop_was_told_of_is_not_shown_again(self, request, who):
        person = request.getfixturevalue(who)
        if who == "guest":
            person.cart()  # names the guest
        first = shown(ok(person.get("recommendations/", limit=5)))
        for product in first[:2]:
            assert person.post(f"products/{product}/view/").status_code == 204
        assert not set(first[:2]) & set(shown(ok(person.get("recommendations/", limit=30))))
        not_found(person.post("products/no-such-thing/view/"))

    def test_what_is_in_the_cart_is_not_shown(self, staff, customer):
        first = shown(ok(customer.get("orders/cart/recommendations/", limit=5)))
        product = customer.product(first[0])
        variant = next((unit for unit in product["variants"] if unit["stock"]), None)
        customer.add_to_cart(product, variant=variant)
        assert first[0] not in shown(ok(customer.get("orders/cart/recommendations/", limit=30)))

    @pytest.mark.parametrize(
        ("query", "field"), [({"limit": 0}, "limit"), ({"limit": "x"}, "limit"), ({"viewed": "a"}, "viewed"),
                             ({"again": "maybe"}, "again")],
    )  # fmt: skip
    def test_bad_questions_are_refused(self, guest, query, field):
        refused_field(guest.get("recommendations/", **query), field)

    def test_unknown_products_have_none(self, guest):
        not_found(guest.get("products/no-such-thing/recommendations/"))


def test_the_service_itself_is_for_signed_in_callers(shop_url, guest, customer):
    url = f"{shop_url}/ai/recommendations/v1/for-you"
    assert httpx.post(url, json={}).status_code == 401
    answer = httpx.post(url, json={"limit": 3}, headers={"Authorization": f"Bearer {customer.access}"})
    assert answer.status_code == 200
    assert answer.json()["source"] in ("model", "baseline")


def searched(person, text, **query):
    """The answer of ``GET search/``; asked again while a busy machine makes meaning too late for it."""
    end = time.monotonic() + 20
    while True:
        answer = ok(person.get("search/", search=text, facets="false", highlights="false", **query))
        if answer["mode"] == "hybrid" or time.monotonic() > end:
            return answer
        time.sleep(0.5)


@pytest.fixture(scope="class")
def rainwear(administrator):
    """A brand with one thing against rain and one that is something else, known to the service."""
    administrator.stay_signed_in()
    brand = unique("Brand")
    umbrella, gnome = (
        administrator.add_product(name=name, description=says, brand=brand, price=price)
        for name, says, price in (
            ("Folding umbrella", "Keeps you dry when it rains.", "19.00"),
            ("Garden gnome", "Smiles.", "4.00"),
        )
    )

    def known():
        found = ids(searched(administrator, "shelter against a downpour", brand=brand)["results"])
        return umbrella["id"] in found

    wait_until(known, timeout_s=60, every_s=0.5)
    return brand, umbrella, gnome


class TestMeaning:
    """What only the service ``semantic_search`` can."""

    def test_other_words_find_the_thing(self, rainwear, guest):
        brand, umbrella, _ = rainwear
        answer = searched(guest, "shelter against a downpour", brand=brand)
        assert answer["mode"] == "hybrid"
        assert ids(answer["results"])[0] == umbrella["id"]
        assert (
            ids(
                ok(guest.get("search/", search="shelter against a downpour", brand=brand, mode="lexical"))[
                    "results"
                ]
            )
            == []
        )

    def test_the_product_list_finds_it_too(self, rainwear, guest):
        brand, umbrella, _ = rainwear
        searched(guest, "shelter against a downpour", brand=brand)
        answer = guest.get("products/", search="shelter against a downpour", brand=brand)
        assert answer.headers["x-search-mode"] == "hybrid"
        assert ids(ok(answer)["results"])[0] == umbrella["id"]

    def test_filters_hold_for_it(self, rainwear, guest):
        brand, umbrella, _ = rainwear
        answer = searched(guest, "shelter against a downpour", brand=brand, max_price="5.00")
        assert umbrella["id"] not in ids(answer["results"])

    @pytest.mark.parametrize(
        "text", ["umbrella under £20", "umbrella below 20 pounds", "umbrella between £10 and £20"]
    )
    def test_a_price_in_the_text_is_a_filter(self, rainwear, guest, text):
        brand, umbrella, _ = rainwear
        answer = searched(guest, text, brand=brand)
        assert answer["read_as"]
        assert ids(answer["results"]) == [umbrella["id"]]
        cheaper = searched(guest, text.replace("20", "12"), brand=brand)
        assert cheaper["read_as"]
        assert umbrella["id"] not in ids(cheaper["results"])


class TestSearching:
    """What holds with the service and without it."""

    def test_the_mode_is_said(self, guest):
        answer = guest.get("products/", search="mug")
        assert answer.headers["x-search-mode"] in ("hybrid", "lexical")
        assert guest.get("products/", search="mug", mode="lexical").headers["x-search-mode"] == "lexical"

    def test_the_exact_sku_is_first(self, staff, guest):
        made = staff.add_product()
        assert ids(ok(guest.get("search/", search=made["sku"]))["results"])[0] == made["id"]

    def test_words_are_enough(self, staff, guest, brand):
        made = staff.add_product(name="Zinc watering can", brand=brand)
        assert ids(ok(guest.get("search/", search="watering can", brand=brand))["results"]) == [made["id"]]

    def test_what_is_hidden_stays_hidden(self, staff, guest, brand):
        made = staff.add_product(name="Zinc watering can", brand=brand)
        assert staff.delete(f"products/{made['id']}/").status_code == 204
        assert ok(guest.get("search/", search="something to water plants", brand=brand))["results"] == []

    @pytest.mark.parametrize(
        ("query", "field"), [({"mode": "magic"}, "mode"), ({"search": "x" * 2000}, "search")]
    )
    def test_bad_questions_are_refused(self, guest, query, field):
        refused_field(guest.get("search/", **{"search": "mug", **query}), field)


class TestAssistant:
    """Talking, with the assistant or its fallback; what the assistant can do is in ``test_06_ai_chatbot``."""

    def test_an_answer_has_its_form(self, guest):
        answer = ok(guest.post("chat/", {"message": "hello"}))
        assert answer["source"] in SOURCES
        assert (answer["model"] is None) == (answer["source"] in ("baseline", "fallback"))
        assert answer["reply"]

    def test_a_product_is_cited(self, staff, guest):
        word = unique("Quelm").replace("-", "")
        made = staff.add_product(name=f"{word} footstool", price="31.00")

        def cited():
            answer = ok(guest.post("chat/", {"message": f"{word} footstool"}))
            return f"/api/products/{made['id']}/" in [citation["url"] for citation in answer["citations"]]

        wait_until(cited, timeout_s=30, every_s=0.5)

    def test_orders_are_told_to_their_owner_only(self, staff, customer, stranger):
        number = customer.order(staff.add_product())["number"]
        question = {"message": "where is my order?"}
        assert number in ok(customer.post("chat/", question))["reply"]
        assert number not in ok(stranger.post("chat/", question))["reply"]

    @pytest.mark.parametrize("body", [{}, {"message": ""}, {"message": "x" * 2_001}])
    def test_bad_messages_are_refused(self, guest, body):
        assert ok(guest.post("chat/", body), 400)["code"] == "validation_error"

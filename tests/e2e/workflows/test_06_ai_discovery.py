"""Finding things with the help of AI services, through the front door; none of them needs to have a model."""

import httpx
import pytest

from tests.e2e.support.answers import not_found, ok, refused_field

SOURCES = {"model", "cache", "baseline", "fallback"}


def shown(answer):
    """Ids of the products of an answer, after a look at its form."""
    assert set(answer) == {"source", "model", "reasons", "results"}
    assert answer["source"] in SOURCES
    assert (answer["model"] is None) == (answer["source"] in ("baseline", "fallback"))
    for result in answer["results"]:
        assert result["reason"]["text"] in answer["reasons"]
        assert result["product"]["in_stock"]
    ids = [result["product"]["id"] for result in answer["results"]]
    assert len(ids) == len(set(ids))
    return ids


class TestRecommendations:
    @pytest.mark.parametrize("kind", ["similar", "together"])
    def test_a_product_leads_to_others(self, staff, guest, kind):
        product, other = staff.add_product(), staff.add_product()
        ids = shown(ok(guest.get(f"products/{product['id']}/recommendations/", kind=kind, limit=30)))
        assert ids
        assert product["id"] not in ids
        assert ids == shown(
            ok(guest.get(f"products/{product['slug']}/recommendations/", kind=kind, limit=30))
        )
        assert other["id"] != product["id"]

    def test_what_is_sold_out_or_hidden_is_not_shown(self, staff, guest):
        category = staff.add_category()
        product = staff.add_product(category_id=category["id"])
        there = staff.add_product(category_id=category["id"])
        empty = staff.add_product(category_id=category["id"], stock=0)
        hidden = staff.add_product(category_id=category["id"])
        assert staff.delete(f"products/{hidden['id']}/").status_code == 204
        ids = shown(ok(guest.get(f"products/{product['id']}/recommendations/", limit=30)))
        assert there["id"] in ids
        assert not {empty["id"], hidden["id"], product["id"]} & set(ids)

    def test_a_guest_is_recommended_something(self, guest):
        assert shown(ok(guest.get("recommendations/", limit=5)))

    def test_what_somebody_viewed_is_not_shown_again(self, guest):
        first = shown(ok(guest.get("recommendations/", limit=5)))
        viewed = ",".join(str(pk) for pk in first[:3])
        assert not set(first[:3]) & set(shown(ok(guest.get("recommendations/", viewed=viewed, limit=30))))

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

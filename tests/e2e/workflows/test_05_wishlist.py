"""Wishlists: what a customer would like to have, and nobody else's business."""

import pytest

from tests.e2e.support.answers import at_once, not_found, ok, refused, refused_field, statuses


def wish(person, body):
    return person.post("products/wishlist/", body)


class TestWishing:
    def test_a_wish_shows_its_product(self, staff, customer):
        product = staff.add_product(price="12.34")
        saved = customer.wish(product)

        assert isinstance(saved["id"], int)
        assert saved["product"]["id"] == product["id"]
        assert [w["id"] for w in customer.wishes()] == [saved["id"]]
        shown = customer.wishes()[0]["product"]
        assert (shown["name"], shown["slug"], shown["price"]) == (product["name"], product["slug"], "12.34")

    def test_a_new_account_wishes_for_nothing(self, customer):
        page = ok(customer.get("products/wishlist/"))
        assert page == {"count": 0, "next": None, "previous": None, "results": []}

    def test_wishing_twice_keeps_one_wish(self, staff, customer):
        product = staff.add_product()
        customer.wish(product)
        again = wish(customer, {"product_id": product["id"]})
        assert again.status_code in (200, 201, 409), again.text
        assert len(customer.wishes()) == 1

    def test_ten_equal_wishes_at_once_keep_one(self, staff, customer):
        product = staff.add_product()
        answers = at_once([lambda: wish(customer, {"product_id": product["id"]})] * 10)
        assert not [status for status in statuses(answers) if status >= 500]
        assert len(customer.wishes()) == 1

    def test_the_newest_wish_comes_first_and_pages_do_not_overlap(self, staff, customer):
        ids = [customer.wish(staff.add_product())["id"] for _ in range(5)]
        first = ok(customer.get("products/wishlist/", page_size=3))
        second = ok(customer.get("products/wishlist/", page_size=3, page=2))

        assert (first["count"], first["previous"], second["next"]) == (5, None, None)
        assert [w["id"] for w in first["results"] + second["results"]] == ids[::-1]

    def test_the_shown_stock_and_price_are_todays(self, staff, customer):
        product = staff.add_product(stock=3)
        customer.wish(product)
        staff.change_product(product, stock=0, price="8.50")
        shown = customer.wishes()[0]["product"]
        assert (shown["in_stock"], shown["price"]) == (False, "8.50")

    def test_a_product_that_is_gone_leaves_the_list_whole(self, staff, customer):
        kept, gone = staff.add_product(), staff.add_product()
        customer.wish(kept)
        customer.wish(gone)
        ok(staff.delete(f"products/{gone['id']}/"), 204)
        assert [w["product"]["id"] for w in customer.wishes()] == [kept["id"]]
        assert ok(customer.get("products/wishlist/"))["count"] == 1


class TestTakingBack:
    def test_a_wish_is_taken_back_once(self, staff, customer):
        saved = customer.wish(staff.add_product())
        ok(customer.delete(f"products/wishlist/{saved['id']}/"), 204)
        assert customer.wishes() == []
        not_found(customer.delete(f"products/wishlist/{saved['id']}/"))

    def test_it_can_be_wished_for_again(self, staff, customer):
        product = staff.add_product()
        ok(customer.delete(f"products/wishlist/{customer.wish(product)['id']}/"), 204)
        customer.wish(product)
        assert [w["product"]["id"] for w in customer.wishes()] == [product["id"]]

    @pytest.mark.parametrize("key", [0, -1, 2**62, 10**30, "mug", "1.5"])
    def test_unknown_wishes_do_not_exist(self, customer, key):
        not_found(customer.delete(f"products/wishlist/{key}/"))


class TestPrivacy:
    def test_guests_have_none(self, staff, guest):
        product = staff.add_product()
        refused(guest.get("products/wishlist/"), 401, "not_authenticated")
        refused(wish(guest, {"product_id": product["id"]}), 401, "not_authenticated")
        refused(guest.delete("products/wishlist/1/"), 401, "not_authenticated")

    def test_nobody_sees_the_wishes_of_others(self, staff, customer, stranger):
        customer.wish(staff.add_product())
        assert stranger.wishes() == []

    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    def test_the_wishes_of_others_do_not_exist(self, staff, customer, stranger, method):
        saved = customer.wish(staff.add_product())
        answer = stranger.send(method, f"products/wishlist/{saved['id']}/", json={})
        assert answer.status_code in ((404,) if method == "DELETE" else (404, 405)), answer.text
        assert [w["id"] for w in customer.wishes()] == [saved["id"]]

    def test_two_people_may_wish_for_the_same(self, staff, customer, stranger):
        product = staff.add_product()
        assert customer.wish(product)["id"] != stranger.wish(product)["id"]


class TestBadInput:
    @pytest.mark.parametrize("value", [None, "mug", "", -1, 0, 1.5, True, [], {}, 10**30])
    def test_a_bad_product_id_is_named_and_nothing_is_saved(self, customer, value):
        refused_field(wish(customer, {"product_id": value}), "product_id")
        assert customer.wishes() == []

    def test_a_missing_product_id_is_named(self, customer):
        refused_field(wish(customer, {}), "product_id")

    def test_unknown_products_cannot_be_wished_for(self, customer):
        refused(wish(customer, {"product_id": 2**62}), 404, "product_not_found")
        assert customer.wishes() == []

    @pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"product_id": 1'])
    def test_malformed_bodies_are_refused(self, customer, body):
        refused(customer.post_raw("products/wishlist/", body), 400, "malformed_body")

    @pytest.mark.parametrize(
        "query", [{"page": 0}, {"page": "x"}, {"page_size": 101}, {"page_size": -1}, {"cursor": "x"}]
    )
    def test_bad_pages_are_refused(self, customer, query):
        refused_field(customer.get("products/wishlist/", **query), next(iter(query)))

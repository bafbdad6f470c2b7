"""Carts: of guests and of customers, their arithmetic, their limits, and what happens to them at login."""

import pytest

from tests.e2e.support.answers import at_once, money, not_found, ok, refused, refused_field, statuses
from tests.e2e.support.people import line
from tests.e2e.support.things import unique

BAD_QUANTITIES = [0, -1, 1.5, 2.0, "two", "", None, True, [], {}, 10_001, 10**30]


def add(person, body):
    return person.post("orders/cart/add/", body)


def set_quantity(person, item, quantity):
    return person.put(f"orders/cart/items/{item['id']}/", {"quantity": quantity})


def contents(cart):
    """``{(product id, variant id): quantity}`` of a cart."""
    found = {(item["product"]["id"], item["variant_id"]): item["quantity"] for item in cart["items"]}
    assert len(found) == len(cart["items"])
    return found


class TestGuests:
    def test_a_first_look_finds_an_empty_cart(self, guest):
        cart = guest.cart()
        assert set(cart) >= {"id", "token", "items", "subtotal", "total", "currency", "item_count"}
        assert (cart["items"], cart["item_count"], cart["subtotal"], cart["total"]) == ([], 0, "0.00", "0.00")

    def test_the_cookie_brings_the_cart_back(self, staff, guest):
        product = staff.add_product()
        answer = add(guest, line(product, 2))

        cart = ok(answer)
        assert answer.cookies["cart_token"] == answer.headers["x-cart-token"] == cart["token"]
        assert "httponly" in answer.headers["set-cookie"].lower()
        assert contents(guest.cart()) == {(product["id"], None): 2}
        assert guest.cart()["id"] == cart["id"]

    def test_the_token_alone_brings_it_back(self, staff, guest, new_guest):
        cart = guest.add_to_cart(staff.add_product())
        without_cookies = new_guest().send("GET", "orders/cart/", headers={"X-Cart-Token": cart["token"]})
        assert ok(without_cookies)["items"] == cart["items"]

    def test_guests_do_not_share(self, staff, guest, new_guest):
        guest.add_to_cart(staff.add_product())
        other = new_guest()
        assert other.cart()["items"] == []
        assert other.cart()["token"] != guest.cart()["token"]

    @pytest.mark.parametrize(
        "token",
        [
            "00000000-0000-4000-8000-000000000000",
            "nonsense",
            "0",
            "x" * 4000,
            "'; drop table cart; --",
            "%00",
        ],
    )
    def test_unknown_tokens_open_nothing(self, guest, token):
        answer = ok(guest.send("GET", "orders/cart/", headers={"X-Cart-Token": token}))
        assert answer["items"] == []
        assert answer["token"] != token

    def test_the_token_of_a_customers_cart_opens_nothing(self, staff, customer, guest):
        cart = customer.add_to_cart(staff.add_product())
        answer = ok(guest.send("GET", "orders/cart/", headers={"X-Cart-Token": cart["token"]}))
        assert answer["items"] == []
        assert answer["id"] != cart["id"]

    def test_a_stale_access_token_is_not_taken_for_a_guest(self, guest):
        guest.access = "a.b.c"
        refused(guest.get("orders/cart/"), 401, "token_invalid")


class TestAdding:
    def test_adding_again_adds_up(self, staff, customer):
        product = staff.add_product(stock=10)
        customer.add_to_cart(product, 2)
        cart = customer.add_to_cart(product, 3)
        assert contents(cart) == {(product["id"], None): 5}

    def test_each_line_tells_what_it_is(self, staff, customer):
        product = staff.add_product(price="3.50", stock=7)
        item = customer.add_to_cart(product, 2)["items"][0]
        assert item["product"] == {"id": product["id"], "name": product["name"], "slug": product["slug"]}
        assert (item["variant_id"], item["quantity"]) == (None, 2)
        assert (item["unit_price"], item["line_total"]) == ("3.50", "7.00")
        assert item["available"]

    def test_variants_are_lines_of_their_own_at_their_own_price(self, staff, customer):
        product = staff.add_variants(
            {"name": "Small", "price": "4.00", "stock": 5}, {"name": "Large", "price": "6.50", "stock": 5}
        )
        small, large = product["variants"]
        customer.add_to_cart(product, 1, variant=small)
        cart = customer.add_to_cart(product, 2, variant=large)

        assert contents(cart) == {(product["id"], small["id"]): 1, (product["id"], large["id"]): 2}
        assert [item["unit_price"] for item in cart["items"]] == ["4.00", "6.50"]
        assert cart["subtotal"] == "17.00"

    def test_a_product_with_variants_needs_a_choice(self, staff, customer):
        product = staff.add_variants({"name": "Small", "price": "4.00", "stock": 5})
        refused_field(add(customer, line(product)), "variant_id")
        assert customer.cart()["items"] == []

    def test_the_variant_must_belong_to_the_product(self, staff, customer):
        product, other = staff.add_product(), staff.add_variants({"name": "S", "price": "4.00", "stock": 5})
        refused(add(customer, line(product, variant=other["variants"][0])), 404, "variant_not_found")
        refused(add(customer, line(other, variant={"id": 2**62})), 404, "variant_not_found")
        assert customer.cart()["items"] == []

    def test_unknown_and_removed_products_cannot_be_added(self, staff, customer):
        removed = staff.add_product()
        ok(staff.delete(f"products/{removed['id']}/"), 204)
        refused(add(customer, line(removed)), 404, "product_not_found")
        refused(add(customer, line({"id": 2**62})), 404, "product_not_found")

    @pytest.mark.parametrize("quantity", BAD_QUANTITIES)
    def test_a_bad_quantity_is_named_and_nothing_changes(self, staff, customer, quantity):
        product = staff.add_product(stock=5)
        before = customer.add_to_cart(product, 1)
        refused_field(add(customer, line(product, quantity)), "quantity")
        assert customer.cart() == before

    @pytest.mark.parametrize("field", ["product_id", "variant_id"])
    @pytest.mark.parametrize("value", ["mug", "", -1, 0, 1.5, True, [], {}, 10**30])
    def test_a_bad_id_is_named_and_nothing_changes(self, staff, customer, field, value):
        body = line(staff.add_product())
        refused_field(add(customer, {**body, field: value}), field)
        assert customer.cart()["items"] == []

    def test_missing_fields_are_named(self, customer):
        assert set(refused(add(customer, {}), 400, "validation_error")["fields"]) >= {"product_id"}

    @pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b'{"product_id": 1e400}', b"\xff"])
    def test_malformed_bodies_are_refused(self, guest, body):
        refused(guest.post_raw("orders/cart/add/", body), 400, "malformed_body")

    def test_prices_are_not_taken_from_the_customer(self, staff, customer):
        product = staff.add_product(price="10.00")
        cart = ok(
            add(customer, {**line(product), "unit_price": "0.01", "price": "0.01", "line_total": "0.01"})
        )
        assert cart["total"] == "10.00"


class TestStock:
    def test_more_than_there_is_is_refused_with_what_there_is(self, staff, customer):
        product = staff.add_product(stock=3)
        extra = refused(add(customer, line(product, 4)), 409, "insufficient_stock")
        assert extra["lines"] == [
            {"product_id": product["id"], "variant_id": None, "requested": 4, "available": 3}
        ]
        assert customer.cart()["items"] == []

    def test_what_is_in_the_cart_counts(self, staff, customer):
        product = staff.add_product(stock=5)
        customer.add_to_cart(product, 3)
        extra = refused(add(customer, line(product, 3)), 409, "insufficient_stock")
        assert (extra["lines"][0]["requested"], extra["lines"][0]["available"]) == (6, 5)
        assert contents(customer.cart()) == {(product["id"], None): 3}

    def test_each_variant_has_its_own(self, staff, customer):
        product = staff.add_variants(
            {"name": "Small", "price": "4.00", "stock": 1}, {"name": "Large", "price": "6.50", "stock": 9}
        )
        small, large = product["variants"]
        extra = refused(add(customer, line(product, 2, variant=small)), 409, "insufficient_stock")
        assert extra["lines"][0]["variant_id"] == small["id"]
        customer.add_to_cart(product, 9, variant=large)

    def test_filling_a_cart_takes_nothing_off_the_shelf(self, staff, customer, guest):
        product = staff.add_product(stock=3)
        customer.add_to_cart(product, 3)
        assert guest.stock_of(product) == 3

    def test_a_line_tells_when_it_can_no_longer_be_had(self, staff, customer):
        product = staff.add_product(stock=3)
        assert customer.add_to_cart(product, 2)["items"][0]["available"]
        staff.change_product(product, stock=0)
        item = customer.cart()["items"][0]
        assert not item["available"]
        assert item["quantity"] == 2


class TestChanging:
    def test_a_new_quantity_replaces_the_old_one(self, staff, customer):
        item = customer.add_to_cart(staff.add_product(price="2.50"), 1)["items"][0]
        cart = ok(set_quantity(customer, item, 4))
        assert cart["items"][0]["quantity"] == 4
        assert cart["subtotal"] == "10.00"
        assert ok(set_quantity(customer, item, 1))["subtotal"] == "2.50"

    def test_more_than_there_is_is_refused(self, staff, customer):
        product = staff.add_product(stock=3)
        item = customer.add_to_cart(product, 2)["items"][0]
        extra = refused(set_quantity(customer, item, 4), 409, "insufficient_stock")
        assert extra["lines"][0] == {
            "product_id": product["id"], "variant_id": None, "requested": 4, "available": 3,
        }  # fmt: skip
        assert customer.cart()["items"][0]["quantity"] == 2

    @pytest.mark.parametrize("quantity", BAD_QUANTITIES)
    def test_a_bad_quantity_changes_nothing(self, staff, customer, quantity):
        item = customer.add_to_cart(staff.add_product(), 2)["items"][0]
        refused_field(set_quantity(customer, item, quantity), "quantity")
        assert customer.cart()["items"][0]["quantity"] == 2

    def test_a_line_is_taken_out_once(self, staff, customer):
        kept = staff.add_product()
        customer.add_to_cart(kept)
        item = customer.add_to_cart(staff.add_product())["items"][1]
        cart = ok(customer.delete(f"orders/cart/items/{item['id']}/"))
        assert contents(cart) == {(kept["id"], None): 1}
        not_found(customer.delete(f"orders/cart/items/{item['id']}/"))

    def test_a_cart_is_emptied(self, staff, customer):
        customer.add_to_cart(staff.add_product())
        customer.add_to_cart(staff.add_product())
        cart = ok(customer.delete("orders/cart/clear/"))
        assert (cart["items"], cart["total"], cart["item_count"]) == ([], "0.00", 0)
        assert ok(customer.delete("orders/cart/clear/"))["items"] == []

    @pytest.mark.parametrize("key", [0, -1, 2**62, 10**30, "first", "1.5"])
    def test_unknown_lines_do_not_exist(self, staff, customer, key):
        before = customer.add_to_cart(staff.add_product())
        not_found(customer.put(f"orders/cart/items/{key}/", {"quantity": 1}))
        not_found(customer.delete(f"orders/cart/items/{key}/"))
        assert customer.cart() == before

    def test_other_methods_are_refused_with_the_right_ones(self, customer):
        answer = customer.get("orders/cart/add/")
        refused(answer, 405, "method_not_allowed")
        assert "POST" in answer.headers["allow"]


class TestArithmetic:
    def test_lines_add_up(self, staff, customer):
        prices = {"0.01": 7, "9.99": 3, "1234.56": 2}
        for price, quantity in prices.items():
            cart = customer.add_to_cart(staff.add_product(price=price), quantity)

        for item in cart["items"]:
            assert money(item["line_total"]) == money(item["unit_price"]) * item["quantity"]
        assert money(cart["subtotal"]) == sum(money(item["line_total"]) for item in cart["items"])
        assert cart["subtotal"] == cart["total"] == "2499.16"
        assert cart["item_count"] == 12
        assert cart["currency"] == staff.add_product()["currency"]

    def test_a_new_price_shows_at_once(self, staff, customer):
        product = staff.add_product(price="10.00")
        customer.add_to_cart(product, 2)
        staff.change_product(product, price="12.00")
        assert customer.cart()["subtotal"] == "24.00"

    def test_lines_keep_their_order(self, staff, customer):
        products = [staff.add_product() for _ in range(4)]
        for product in products:
            customer.add_to_cart(product)
        customer.add_to_cart(products[0])
        assert [item["product"]["id"] for item in customer.cart()["items"]] == [p["id"] for p in products]


class TestLogin:
    def test_the_cart_follows_its_owner_to_another_device(self, staff, customer, guest):
        product = staff.add_product()
        customer.add_to_cart(product, 2)
        guest.login(customer.email)
        assert contents(guest.cart()) == {(product["id"], None): 2}

    def test_quantities_add_and_nothing_is_lost(self, staff, customer, guest):
        both, theirs, mine = (staff.add_product(stock=10) for _ in range(3))
        customer.add_to_cart(both, 2)
        customer.add_to_cart(theirs, 1)
        guest.add_to_cart(both, 3)
        guest.add_to_cart(mine, 4)
        guest.login(customer.email)

        expected = {(both["id"], None): 5, (theirs["id"], None): 1, (mine["id"], None): 4}
        assert contents(guest.cart()) == contents(customer.cart()) == expected

    def test_variants_are_merged_one_by_one(self, staff, customer, guest):
        product = staff.add_variants(
            {"name": "Small", "price": "4.00", "stock": 9}, {"name": "Large", "price": "6.50", "stock": 9}
        )
        small, large = product["variants"]
        customer.add_to_cart(product, 1, variant=small)
        guest.add_to_cart(product, 2, variant=small)
        guest.add_to_cart(product, 3, variant=large)
        guest.login(customer.email)
        assert contents(guest.cart()) == {(product["id"], small["id"]): 3, (product["id"], large["id"]): 3}

    def test_the_sum_is_capped_by_the_stock(self, staff, customer, guest):
        product = staff.add_product(stock=5)
        customer.add_to_cart(product, 3)
        guest.add_to_cart(product, 4)
        guest.login(customer.email)
        assert contents(guest.cart()) == {(product["id"], None): 5}

    def test_it_happens_once(self, staff, customer, guest):
        product = staff.add_product(stock=50)
        guest.add_to_cart(product, 2)
        guest.login(customer.email)
        guest.login(customer.email)
        assert contents(guest.cart()) == {(product["id"], None): 2}

    def test_two_logins_at_once_merge_once(self, staff, customer, guest):
        product = staff.add_product(stock=50)
        guest.add_to_cart(product, 2)
        body = {"email": customer.email, "password": customer.password}
        assert statuses(at_once([lambda: guest.post("auth/login/", body)] * 5)) == {200: 5}
        assert contents(customer.cart()) == {(product["id"], None): 2}

    def test_the_guests_cart_is_gone_afterwards(self, staff, customer, guest, new_guest):
        token = guest.add_to_cart(staff.add_product())["token"]
        guest.login(customer.email)
        left = ok(new_guest().send("GET", "orders/cart/", headers={"X-Cart-Token": token}))
        assert left["items"] == []

    def test_the_header_works_like_the_cookie(self, staff, customer, guest, new_guest):
        product = staff.add_product()
        token = guest.add_to_cart(product)["token"]
        body = {"email": customer.email, "password": customer.password}
        ok(new_guest().send("POST", "auth/login/", json=body, headers={"X-Cart-Token": token}))
        assert contents(customer.cart()) == {(product["id"], None): 1}

    def test_registering_keeps_the_cart_too(self, staff, guest):
        product = staff.add_product()
        guest.add_to_cart(product, 2)
        guest.register(email=f"{unique('keeps')}@example.com")
        assert contents(guest.cart()) == {(product["id"], None): 2}

    def test_a_refused_login_leaves_the_cart_alone(self, staff, customer, guest):
        cart = guest.add_to_cart(staff.add_product())
        body = {"email": customer.email, "password": "not-the-Password-1"}
        refused(guest.post("auth/login/", body), 401, "invalid_credentials")
        assert guest.cart()["items"] == cart["items"]


class TestPrivacy:
    def test_nobody_sees_the_cart_of_others(self, staff, customer, stranger):
        customer.add_to_cart(staff.add_product())
        assert stranger.cart()["items"] == []

    @pytest.mark.parametrize("visitor", ["stranger", "guest"])
    @pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
    def test_the_lines_of_others_do_not_exist(self, staff, customer, request, visitor, method):
        before = customer.add_to_cart(staff.add_product(), 2)
        person = request.getfixturevalue(visitor)
        person.add_to_cart(staff.add_product())
        path = f"orders/cart/items/{before['items'][0]['id']}/"
        answer = person.send(method, path, json={"quantity": 1})
        assert answer.status_code in ((404,) if method in ("PUT", "DELETE") else (404, 405)), answer.text
        assert customer.cart() == before

    def test_emptying_ones_own_leaves_those_of_others(self, staff, customer, stranger):
        before = customer.add_to_cart(staff.add_product())
        ok(stranger.delete("orders/cart/clear/"))
        assert customer.cart() == before


class TestRaces:
    def test_ten_adds_at_once_add_up(self, staff, customer):
        product = staff.add_product(stock=100)
        answers = at_once([lambda: add(customer, line(product, 2))] * 10)
        assert statuses(answers) == {200: 10}
        assert contents(customer.cart()) == {(product["id"], None): 20}

    def test_adds_at_once_never_exceed_the_stock(self, staff, customer):
        product = staff.add_product(stock=5)
        answers = at_once([lambda: add(customer, line(product))] * 12)
        assert statuses(answers) == {200: 5, 409: 7}
        assert contents(customer.cart()) == {(product["id"], None): 5}

    def test_the_first_ten_adds_of_a_guest_go_into_one_cart(self, staff, guest):
        product = staff.add_product(stock=100)
        guest.cart()
        assert statuses(at_once([lambda: add(guest, line(product))] * 10)) == {200: 10}
        assert contents(guest.cart()) == {(product["id"], None): 10}

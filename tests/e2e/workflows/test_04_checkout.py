"""Checkout: from cart to order, with totals, stock, races, retries, cancelling, fulfilment and the timeline."""

from datetime import datetime

import pytest

from tests.e2e.support.answers import at_once, money, ok, refused, refused_field, statuses
from tests.e2e.support.people import line, place
from tests.e2e.support.things import ADDRESS, unique

UNKNOWN = 2**62
ORDER_FIELDS = {
    "id", "number", "status", "payment_status", "items", "subtotal", "shipping", "tax", "discount", "total",
    "currency", "created_at",
}  # fmt: skip
ITEM_FIELDS = {"product_id", "variant_id", "sku", "name", "quantity", "unit_price", "line_total"}


def short(product, requested, available):
    return {"product_id": product["id"], "variant_id": None, "requested": requested, "available": available}


class TestFromTheCart:
    def test_the_cart_becomes_an_order_and_is_empty(self, staff, customer):
        mug, pot = staff.add_product(price="4.50"), staff.add_product(price="20.00")
        customer.add_to_cart(mug, 2)
        customer.add_to_cart(pot)
        order = customer.order_cart()

        assert set(order) >= ORDER_FIELDS
        assert all(set(item) >= ITEM_FIELDS for item in order["items"])
        assert [
            (i["product_id"], i["quantity"], i["unit_price"], i["line_total"]) for i in order["items"]
        ] == [
            (mug["id"], 2, "4.50", "9.00"),
            (pot["id"], 1, "20.00", "20.00"),
        ]
        assert (order["items"][0]["sku"], order["items"][0]["name"]) == (mug["sku"], mug["name"])
        assert (order["status"], order["payment_status"]) == ("pending", "unpaid")
        assert datetime.fromisoformat(order["created_at"]).tzinfo is not None
        assert customer.cart()["items"] == []

    def test_an_empty_cart_cannot_be_ordered(self, customer):
        refused(customer.post("orders/", {"shipping_address": ADDRESS}), 400, "cart_empty")
        assert customer.orders() == []

    def test_a_guest_signs_in_first_and_finds_the_cart_again(self, staff, guest, customer):
        product = staff.add_product()
        guest.add_to_cart(product, 2)
        refused(guest.post("orders/", {"shipping_address": ADDRESS}), 401, "not_authenticated")
        guest.login(customer.email)
        assert guest.order_cart()["items"][0]["quantity"] == 2

    def test_the_price_is_the_one_of_the_moment(self, staff, customer):
        product = staff.add_product(price="10.00")
        customer.add_to_cart(product)
        staff.change_product(product, price="11.00")
        order = customer.order_cart()
        staff.change_product(product, price="99.00", name=unique("Renamed"))

        seen = ok(customer.get(f"orders/{order['id']}/"))
        assert seen["subtotal"] == "11.00"
        assert seen["items"][0]["name"] == product["name"]

    def test_a_line_that_ran_out_stops_the_whole_cart(self, staff, customer):
        there, gone = staff.add_product(stock=5), staff.add_product(stock=5)
        customer.add_to_cart(there, 2)
        before = customer.add_to_cart(gone, 2)
        staff.change_product(gone, stock=1)
        extra = refused(customer.post("orders/", {"shipping_address": ADDRESS}), 409, "insufficient_stock")

        assert extra["lines"] == [short(gone, 2, 1)]
        assert customer.stock_of(there) == 5
        assert [i["id"] for i in customer.cart()["items"]] == [i["id"] for i in before["items"]]
        assert customer.orders() == []

    def test_ten_checkouts_at_once_make_one_order(self, staff, customer):
        product = staff.add_product(stock=100)
        customer.add_to_cart(product, 3)
        answers = at_once([lambda: customer.post("orders/", {"shipping_address": ADDRESS})] * 10)

        assert statuses(answers) == {201: 1, 400: 9}
        assert {a.json()["code"] for a in answers if a.status_code == 400} == {"cart_empty"}
        assert customer.stock_of(product) == 97


class TestFromItems:
    def test_the_cart_stays_as_it_is(self, staff, customer):
        before = customer.add_to_cart(staff.add_product())
        customer.order(staff.add_product(), 2)
        assert customer.cart() == before

    def test_a_variant_is_sold_at_its_price_from_its_stock(self, staff, customer):
        product = staff.add_variants(
            {"name": "Small", "price": "4.00", "stock": 5}, {"name": "Large", "price": "6.50", "stock": 5}
        )
        large = product["variants"][1]
        order = customer.order(product, 2, variant=large)

        item = order["items"][0]
        assert (item["variant_id"], item["sku"], item["unit_price"]) == (large["id"], large["sku"], "6.50")
        assert product["name"] in item["name"]
        assert "Large" in item["name"]
        assert [v["stock"] for v in customer.product(product["id"])["variants"]] == [5, 3]

    def test_a_product_with_variants_needs_a_choice(self, staff, customer):
        product = staff.add_variants({"name": "Small", "price": "4.00", "stock": 5})
        refused(customer.try_order(product), 400, "validation_error")
        assert customer.orders() == []

    def test_equal_lines_count_together_against_the_stock(self, staff, customer):
        product = staff.add_product(stock=5)
        extra = refused(place(customer, line(product, 3), line(product, 3)), 409, "insufficient_stock")
        assert extra["lines"] == [short(product, 6, 5)]
        order = ok(place(customer, line(product, 3), line(product, 2)), 201)
        assert sum(item["quantity"] for item in order["items"]) == 5
        assert customer.stock_of(product) == 0

    def test_all_lines_or_none(self, staff, customer):
        there, few = staff.add_product(stock=5), staff.add_product(stock=1)
        extra = refused(place(customer, line(there, 2), line(few, 2)), 409, "insufficient_stock")
        assert extra["lines"] == [short(few, 2, 1)]
        assert (customer.stock_of(there), customer.stock_of(few)) == (5, 1)
        assert customer.orders() == []

    def test_every_short_line_is_named(self, staff, customer):
        products = [staff.add_product(stock=n) for n in (0, 1, 2)]
        extra = refused(place(customer, *(line(p, 5) for p in products)), 409, "insufficient_stock")
        found = sorted(extra["lines"], key=lambda short_line: short_line["product_id"])
        assert found == [short(product, 5, n) for n, product in enumerate(products)]

    def test_unknown_and_removed_products_cannot_be_ordered(self, staff, customer):
        there, removed = staff.add_product(), staff.add_product()
        ok(staff.delete(f"products/{removed['id']}/"), 204)
        refused(place(customer, line(there), line(removed)), 404, "product_not_found")
        refused(place(customer, line({"id": UNKNOWN})), 404, "product_not_found")
        refused(place(customer, line(there, variant={"id": UNKNOWN})), 404, "variant_not_found")
        assert customer.stock_of(there) == 10

    @pytest.mark.parametrize(
        "items",
        ["mug", 7, {}, [], [7], ["mug"], [[]], [{}], [{"product_id": 1}], [{"quantity": 1}], [None]],
        ids=repr,
    )
    def test_items_that_are_no_lines_are_refused(self, customer, items):
        refused(
            customer.post("orders/", {"items": items, "shipping_address": ADDRESS}), 400, "validation_error"
        )
        assert customer.orders() == []

    @pytest.mark.parametrize("quantity", [0, -1, 1.5, "two", None, True, [], 10_001, 10**30])
    def test_a_bad_quantity_is_named_with_its_line(self, staff, customer, quantity):
        good, bad = staff.add_product(), staff.add_product()
        refused_field(place(customer, line(good), line(bad, quantity)), "items.1.quantity")
        assert customer.stock_of(good) == 10

    @pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"items": [', b"\xff\xfe"])
    def test_malformed_bodies_are_refused(self, customer, body):
        refused(customer.post_raw("orders/", body), 400, "malformed_body")


class TestTotals:
    @pytest.mark.parametrize(
        ("price", "quantity", "shipping"),
        [
            ("0.01", 1, "4.95"),
            ("49.99", 1, "4.95"),
            ("50.00", 1, "0.00"),
            ("25.00", 2, "0.00"),
            ("16.66", 3, "4.95"),
        ],
    )
    def test_shipping_is_free_from_fifty(self, staff, customer, price, quantity, shipping):
        order = customer.order(staff.add_product(price=price), quantity)
        assert order["shipping"] == shipping
        assert order["currency"] == "GBP"

    def test_they_add_up(self, staff, customer):
        lines = [
            line(staff.add_product(price=price), n) for price, n in (("0.07", 3), ("9.99", 2), ("3.33", 1))
        ]
        order = ok(place(customer, *lines), 201)

        assert all(money(i["line_total"]) == money(i["unit_price"]) * i["quantity"] for i in order["items"])
        assert (
            money(order["subtotal"]) == sum(money(i["line_total"]) for i in order["items"]) == money("23.52")
        )
        assert (order["tax"], order["discount"]) == ("0.00", "0.00")
        parts = [money(order[name]) for name in ("subtotal", "shipping", "tax")]
        assert money(order["total"]) == sum(parts) - money(order["discount"]) == money("28.47")

    def test_amounts_are_not_taken_from_the_customer(self, staff, customer):
        product = staff.add_product(price="10.00")
        cheap = {**line(product), "unit_price": "0.01", "price": "0.01", "line_total": "0.01"}
        order = ok(
            place(customer, cheap, total="0.01", shipping="0.00", discount="10.00", status="delivered"), 201
        )
        assert (order["total"], order["status"]) == ("14.95", "pending")


class TestStock:
    def test_ordering_takes_units_off_the_shelf_everywhere(self, staff, customer, guest):
        product = staff.add_product(stock=3)
        guest.stock_of(product)
        guest.products(search=product["sku"])
        customer.order(product, 2)

        assert guest.stock_of(product) == 1
        assert guest.products(search=product["sku"])[0]["stock"] == 1

    def test_the_last_unit_leaves_a_product_out_of_stock(self, staff, customer, guest):
        product = staff.add_product(stock=1)
        customer.order(product)
        seen = guest.product(product["id"])
        assert (seen["stock"], seen["in_stock"]) == (0, False)
        refused(customer.try_order(product), 409, "insufficient_stock")
        assert guest.products(search=product["sku"], in_stock="true") == []

    def test_cancelling_puts_them_back_once(self, staff, customer, guest):
        product = staff.add_product(stock=3)
        order = customer.order(product, 2)
        assert ok(customer.cancel(order))["status"] == "cancelled"
        assert guest.stock_of(product) == 3
        refused(customer.cancel(order), 409, "invalid_transition")
        assert guest.stock_of(product) == 3

    def test_what_came_back_can_be_sold_again(self, staff, customer, stranger):
        product = staff.add_product(stock=1)
        order = customer.order(product)
        refused(stranger.try_order(product), 409, "insufficient_stock")
        ok(customer.cancel(order))
        stranger.order(product)

    def test_counting_the_shelf_respects_what_is_reserved(self, staff, customer, guest):
        product = staff.add_product(stock=5)
        order = customer.order(product, 3)
        staff.change_product(product, stock=10)
        assert guest.stock_of(product) == 10
        ok(customer.cancel(order))
        assert guest.stock_of(product) == 13


class TestRaces:
    def test_the_last_unit_is_sold_once(self, staff, new_customer):
        product = staff.add_product(stock=1)
        buyers = [new_customer() for _ in range(20)]
        answers = at_once([lambda b=buyer: b.try_order(product) for buyer in buyers])

        assert statuses(answers) == {201: 1, 409: 19}
        for answer in answers:
            if answer.status_code == 409:
                assert refused(answer, 409, "insufficient_stock")["lines"] == [short(product, 1, 0)]
        assert sum(len(buyer.orders()) for buyer in buyers) == 1
        assert buyers[0].stock_of(product) == 0

    def test_five_units_are_sold_five_times(self, staff, new_customer):
        product = staff.add_product(stock=5)
        buyers = [new_customer() for _ in range(20)]
        assert statuses(at_once([lambda b=buyer: b.try_order(product) for buyer in buyers])) == {
            201: 5,
            409: 15,
        }
        assert buyers[0].stock_of(product) == 0

    def test_buying_and_cancelling_at_once_loses_no_unit(self, staff, new_customer):
        product = staff.add_product(stock=8)
        buyers = [new_customer() for _ in range(8)]
        first = [buyer.order(product) for buyer in buyers]
        cancels = [lambda b=buyer, o=order: b.cancel(o) for buyer, order in zip(buyers, first, strict=True)]
        answers = at_once([*cancels, *(lambda b=buyer: b.try_order(product) for buyer in buyers)])

        assert statuses(answers[:8]) == {200: 8}
        assert set(statuses(answers[8:])) <= {201, 409}
        assert buyers[0].stock_of(product) == 8 - statuses(answers[8:]).get(201, 0)

    def test_an_order_is_cancelled_once(self, staff, customer):
        product = staff.add_product(stock=5)
        order = customer.order(product, 2)
        assert statuses(at_once([lambda: customer.cancel(order)] * 10)) == {200: 1, 409: 9}
        assert customer.stock_of(product) == 5

    def test_orders_of_the_same_things_in_any_sequence_all_go_through(self, staff, new_customer):
        products = [staff.add_product(stock=100) for _ in range(4)]
        buyers = [new_customer() for _ in range(12)]
        lines = [line(product) for product in products]
        calls = [
            lambda b=buyer, t=turn: place(b, *(lines[t % 4 :] + lines[: t % 4])[:: 1 if t % 2 else -1])
            for turn, buyer in enumerate(buyers)
        ]
        assert statuses(at_once(calls)) == {201: 12}
        assert [buyers[0].stock_of(product) for product in products] == [88] * 4


class TestIdempotency:
    def test_a_repeated_request_gets_the_first_answer(self, staff, customer):
        product, key = staff.add_product(stock=5), unique("key")
        first = customer.try_order(product, 2, key=key)
        again = customer.try_order(product, 2, key=key)

        assert (ok(first, 201), "idempotent-replayed" in first.headers) == (ok(again, 201), False)
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        assert len(customer.orders()) == 1
        assert customer.stock_of(product) == 3

    def test_the_first_answer_outlives_what_happens_next(self, staff, customer):
        product, key = staff.add_product(stock=1), unique("key")
        first = ok(customer.try_order(product, key=key), 201)
        ok(customer.cancel(first))
        assert ok(customer.try_order(product, key=key), 201) == first
        assert customer.stock_of(product) == 1

    def test_a_cart_is_ordered_once(self, staff, customer):
        customer.add_to_cart(staff.add_product())
        body, key = {"shipping_address": ADDRESS}, unique("key")
        first = ok(customer.post("orders/", body, key=key), 201)
        assert ok(customer.post("orders/", body, key=key), 201) == first

    def test_one_key_of_twenty_clients_makes_one_order(self, staff, customer):
        product, key = staff.add_product(stock=100), unique("key")

        def until_answered():
            for _ in range(200):
                answer = customer.try_order(product, key=key)
                if answer.status_code != 409:
                    return answer
                refused(answer, 409, "idempotency_in_flight")
            return answer

        answers = at_once([until_answered] * 20)
        assert statuses(answers) == {201: 20}
        assert len({answer.content for answer in answers}) == 1
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
        assert len(customer.orders()) == 1
        assert customer.stock_of(product) == 99

    def test_a_key_belongs_to_one_request(self, staff, customer):
        product, key = staff.add_product(stock=5), unique("key")
        customer.try_order(product, 1, key=key)
        refused(customer.try_order(product, 2, key=key), 422, "idempotency_key_reused")
        assert customer.stock_of(product) == 4

    def test_a_key_belongs_to_one_customer(self, staff, customer, stranger):
        product, key = staff.add_product(stock=5), unique("key")
        mine = ok(customer.try_order(product, key=key), 201)
        theirs = ok(stranger.try_order(product, key=key), 201)
        assert mine["id"] != theirs["id"]

    def test_a_refusal_is_not_remembered(self, staff, customer):
        product, key = staff.add_product(stock=0), unique("key")
        refused(customer.try_order(product, key=key), 409, "insufficient_stock")
        staff.change_product(product, stock=1)
        answer = customer.try_order(product, key=key)
        ok(answer, 201)
        assert "idempotent-replayed" not in answer.headers

    @pytest.mark.parametrize("key", ["", "x" * 256, "tab\tinside"])
    def test_a_bad_key_is_refused(self, staff, customer, key):
        refused(customer.try_order(staff.add_product(), key=key), 400, "validation_error")
        assert customer.orders() == []

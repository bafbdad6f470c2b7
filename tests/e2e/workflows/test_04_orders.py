"""Workflow 4, afterwards: addresses, numbers, history, fulfilment, and who may see an order."""

import re
from itertools import pairwise

import pytest

from tests.e2e.support.answers import not_found, ok, refused, refused_field
from tests.e2e.support.people import line
from tests.e2e.support.things import ADDRESS

UNKNOWN = 2**62


class TestAddresses:
    def test_a_saved_address_is_used_and_kept_as_it_was(self, staff, customer):
        saved = customer.add_address()
        body = {"items": [line(staff.add_product())], "shipping_address_id": saved["id"]}
        order = ok(customer.post("orders/", body), 201)
        ok(customer.patch(f"auth/addresses/{saved['id']}/", {"city": "Bath"}))
        ok(customer.delete(f"auth/addresses/{saved['id']}/"), 204)
        assert ok(customer.get(f"orders/{order['id']}/"))["shipping_address"]["city"] == "London"

    def test_billing_may_go_elsewhere(self, staff, customer):
        billing = customer.add_address(type="billing", city="Bath")
        order = customer.order(staff.add_product(), billing_address_id=billing["id"])
        assert order["shipping_address"]["city"] == "London"
        assert order["billing_address"]["city"] == "Bath"

    @pytest.mark.parametrize("field", ["shipping_address_id", "billing_address_id"])
    def test_those_of_others_do_not_exist(self, staff, customer, stranger, field):
        product, theirs = staff.add_product(), stranger.add_address()
        body = {"items": [line(product)], "shipping_address_id": customer.add_address()["id"]}
        refused(customer.post("orders/", {**body, field: theirs["id"]}), 404, "address_not_found")
        refused(customer.post("orders/", {**body, field: UNKNOWN}), 404, "address_not_found")
        assert customer.stock_of(product) == 10

    @pytest.mark.parametrize("value", ["home", -1, 0, 1.5, True, [], {}, 10**30])
    def test_a_bad_address_id_is_named(self, staff, customer, value):
        body = {"items": [line(staff.add_product())], "shipping_address_id": value}
        refused_field(customer.post("orders/", body), "shipping_address_id")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("line1", ""),
            ("city", None),
            ("country", "Britain"),
            ("postal_code", ["SW1"]),
            ("full_name", "x" * 500),
        ],
    )
    def test_a_bad_address_is_named_and_nothing_is_ordered(self, staff, customer, field, value):
        product = staff.add_product()
        answer = customer.try_order(product, shipping_address={**ADDRESS, field: value})
        refused_field(answer, f"shipping_address.{field}")
        assert customer.stock_of(product) == 10

    @pytest.mark.parametrize("value", ["home", 7, [], [ADDRESS]])
    def test_an_address_of_the_wrong_type_is_refused(self, staff, customer, value):
        refused(customer.try_order(staff.add_product(), shipping_address=value), 400, "validation_error")

    def test_without_any_address_it_is_asked_for(self, staff, customer):
        answer = customer.post("orders/", {"items": [line(staff.add_product())]})
        refused_field(answer, "shipping_address")
        assert customer.orders() == []


class TestNumbers:
    def test_they_are_unique_and_sort_by_time(self, staff, customer):
        product = staff.add_product(stock=100)
        numbers = [customer.order(product)["number"] for _ in range(10)]
        assert len(set(numbers)) == 10
        assert sorted(numbers) == numbers
        assert len({len(number) for number in numbers}) == 1

    def test_the_next_one_cannot_be_guessed(self, staff, customer):
        product = staff.add_product(stock=100)
        numbers = [customer.order(product)["number"] for _ in range(10)]
        tails = [number[-8:] for number in numbers]
        assert len({tail[0] for tail in tails} | {tail[1] for tail in tails}) > 5
        assert sorted(tails) != tails
        steps = {int(b, 36) - int(a, 36) for a, b in pairwise(tails)}
        assert len(steps) == 9

    def test_they_tell_nothing_about_ids(self, staff, customer):
        order = customer.order(staff.add_product())
        assert re.fullmatch(r"[A-Z0-9-]{12,32}", order["number"])
        assert not order["number"].endswith(str(order["id"]))


class TestHistory:
    def test_the_newest_order_comes_first_and_pages_do_not_overlap(self, staff, customer):
        product = staff.add_product(stock=100)
        ids = [customer.order(product)["id"] for _ in range(5)]
        first = ok(customer.get("orders/", page_size=3))
        second = ok(customer.get("orders/", page_size=3, page=2))
        assert (first["count"], second["next"]) == (5, None)
        assert [o["id"] for o in first["results"] + second["results"]] == ids[::-1]

        by_cursor = ok(customer.get("orders/", page_size=3, cursor=""))
        rest = ok(customer.get(by_cursor["next"]))
        assert [o["id"] for o in by_cursor["results"] + rest["results"]] == ids[::-1]

    def test_they_are_filtered_by_status(self, staff, customer):
        product = staff.add_product(stock=100)
        kept, dropped = customer.order(product), customer.order(product)
        ok(customer.cancel(dropped))
        assert [o["id"] for o in customer.orders(status="cancelled")] == [dropped["id"]]
        assert [o["id"] for o in customer.orders(status="pending")] == [kept["id"]]
        assert customer.orders(status="shipped") == []
        refused_field(customer.get("orders/", status="lost"), "status")

    @pytest.mark.parametrize(
        ("name", "value"), [("page", 0), ("page", "x"), ("page_size", 101), ("cursor", "x")]
    )
    def test_bad_pages_are_refused(self, customer, name, value):
        refused_field(customer.get("orders/", **{name: value}), name)

    def test_the_timeline_tells_what_happened_in_order(self, staff, customer):
        order = customer.order(staff.add_product())
        ok(customer.cancel(order))
        events = customer.timeline(order)

        assert [event["type"] for event in events] == ["placed", "cancelled"]
        assert all(event["message"] for event in events)
        assert events[0]["created_at"] <= events[1]["created_at"]

    def test_a_refused_change_leaves_no_trace(self, staff, customer):
        order = customer.order(staff.add_product())
        before = customer.timeline(order)
        refused(staff.post(f"orders/{order['id']}/ship/"), 409, "invalid_transition")
        assert customer.timeline(order) == before


class TestNotes:
    def test_a_note_is_kept_as_it_is_written(self, staff, customer):
        text = 'Ring <twice> & wait; "thanks" – 茶'
        order = customer.order(staff.add_product(), note=text)
        assert ok(customer.get(f"orders/{order['id']}/"))["note"] == text

    @pytest.mark.parametrize("note", ["x" * 5000, ["a"], {"a": 1}, None])
    def test_a_bad_note_is_named_and_nothing_is_ordered(self, staff, customer, note):
        product = staff.add_product()
        refused_field(customer.try_order(product, note=note), "note")
        assert customer.stock_of(product) == 10


class TestFulfilment:
    @pytest.mark.parametrize("step", ["ship", "deliver"])
    def test_an_unpaid_order_is_neither_shipped_nor_delivered(self, staff, customer, step):
        order = customer.order(staff.add_product())
        refused(staff.post(f"orders/{order['id']}/{step}/"), 409, "invalid_transition")
        assert ok(customer.get(f"orders/{order['id']}/"))["status"] == "pending"

    @pytest.mark.parametrize("step", ["ship", "deliver"])
    def test_a_cancelled_order_is_neither_shipped_nor_delivered(self, staff, customer, step):
        order = customer.order(staff.add_product())
        ok(customer.cancel(order))
        refused(staff.post(f"orders/{order['id']}/{step}/"), 409, "invalid_transition")

    @pytest.mark.parametrize("step", ["ship", "deliver"])
    def test_customers_do_neither(self, staff, customer, guest, step):
        path = f"orders/{customer.order(staff.add_product())['id']}/{step}/"
        refused(customer.post(path), 403, "permission_denied")
        refused(guest.post(path), 401, "not_authenticated")

    def test_staff_see_and_cancel_any_order(self, staff, customer):
        product = staff.add_product(stock=5)
        order = customer.order(product, 2)
        assert ok(staff.get(f"orders/{order['id']}/"))["number"] == order["number"]
        assert ok(staff.cancel(order))["status"] == "cancelled"
        assert customer.stock_of(product) == 5
        assert customer.timeline(order)[-1]["type"] == "cancelled"


class TestPrivacy:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "{}/"),
            ("POST", "{}/cancel/"),
            ("GET", "{}/timeline/"),
            ("PUT", "{}/"),
            ("PATCH", "{}/"),
            ("DELETE", "{}/"),
        ],
    )
    def test_the_orders_of_others_do_not_exist(self, staff, customer, stranger, method, path):
        product = staff.add_product(stock=5)
        order = customer.order(product)
        answer = stranger.send(method, f"orders/{path.format(order['id'])}", json={})
        if method in ("PUT", "PATCH", "DELETE") and answer.status_code == 405:
            refused(answer, 405, "method_not_allowed")  # nobody changes an order, not even its owner
        else:
            not_found(answer)
        assert ok(customer.get(f"orders/{order['id']}/")) == order
        assert customer.stock_of(product) == 4

    def test_nobody_lists_the_orders_of_others(self, staff, customer, stranger):
        customer.order(staff.add_product())
        assert stranger.orders() == []
        assert stranger.orders(user=customer.id, user_id=customer.id) == []

    def test_guests_have_none(self, staff, customer, guest):
        order = customer.order(staff.add_product())
        for path in ("", f"{order['id']}/", f"{order['id']}/timeline/"):
            refused(guest.get(f"orders/{path}"), 401, "not_authenticated")
        refused(guest.post(f"orders/{order['id']}/cancel/"), 401, "not_authenticated")

    @pytest.mark.parametrize("key", [0, -1, UNKNOWN, 10**30, "first", "1.5"])
    def test_unknown_orders_do_not_exist(self, staff, customer, key):
        for person in (customer, staff):
            not_found(person.get(f"orders/{key}/"))
            not_found(person.get(f"orders/{key}/timeline/"))
            not_found(person.post(f"orders/{key}/cancel/"))
        not_found(staff.post(f"orders/{key}/ship/"))
        not_found(staff.post(f"orders/{key}/deliver/"))

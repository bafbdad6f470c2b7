"""AI that decides about orders and prices, through the front door; neither service needs to have a model.

Nothing here fails while the services are dead: ``test_96_ai_outage`` runs these classes once more without them.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.e2e.support.answers import money, not_found, ok, refused, refused_field
from tests.e2e.support.things import unique
from tests.support.polling import wait_until

PAGES = {"success_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/cart"}
GOOD_CARD = "4242424242424242"
UNKNOWN = 2**62


def check_out(person, order):
    """Open the page where an order is paid; the order is scored on the way."""
    return ok(person.post("payments/create-checkout-session/", {"order_id": order["id"], **PAGES}), 201)


def pay(person, order):
    """Pay with the test card; skips where the shop uses a real provider."""
    session = check_out(person, order)
    paid = person.post(f"payments/fake/sessions/{session['session_id']}/", {"card": GOOD_CARD})
    if paid.status_code == 404:
        pytest.skip("this shop's payment provider is a real one")
    assert ok(paid)["outcome"] == "paid"
    wait_until(lambda: ok(person.get(f"orders/{order['id']}/"))["status"] == "processing", timeout_s=30)


def review_of(staff, order):
    """The score of an order."""
    found = [
        row
        for row in ok(staff.get("fraud/reviews/", status="all", page_size=100))["results"]
        if row["order"]["id"] == order["id"]
    ]
    assert len(found) == 1
    return found[0]


def explained(row):
    """Check that something decided says by whom and why."""
    assert row["source"] in {"model", "cache", "baseline", "fallback", "staff"}
    assert (row["model"] is None) == (row["source"] in {"baseline", "fallback", "staff"})
    if row["model"]:
        assert len(row["model"]["digest"]) == 64
        assert row["model"]["version"]
    assert row["reasons"]


class TestFraud:
    @pytest.fixture
    def suspicious(self, staff, customer):
        """An order so large that somebody looks, whoever scores it."""
        order = customer.order(staff.add_product(price="2500.00", stock=5))
        check_out(customer, order)
        review = review_of(staff, order)
        assert review["status"] == "open"
        return order, review

    def test_an_everyday_order_is_scored_and_goes_on(self, staff, customer):
        order = customer.order(staff.add_product(price="12.00"))
        check_out(customer, order)
        review = review_of(staff, order)
        # people of one network are judged by what came from there, and all tests come from one
        assert (review["status"] == "cleared") == (review["action"] == "accept")
        assert 0 <= review["probability"] <= 1
        explained(review)

    def test_every_score_says_why_in_sentences(self, suspicious):
        _, review = suspicious
        explained(review)
        for reason in review["reasons"]:
            assert reason["code"]
            assert reason["text"].endswith(".")
        assert any("2500.00" in reason["text"] for reason in review["reasons"])

    def test_a_suspicious_order_waits_in_the_queue(self, staff, suspicious):
        order, review = suspicious
        assert review["action"] in ("review", "hold")
        queue = ok(staff.get("fraud/reviews/", page_size=100))["results"]
        assert review["id"] in [row["id"] for row in queue]
        assert ok(staff.get(f"fraud/reviews/{review['id']}/")) == review
        assert review["order"]["number"] == order["number"]

    def test_it_can_be_paid_all_the_same(self, customer, suspicious):
        order, _ = suspicious
        pay(customer, order)

    def test_checking_out_again_scores_it_once(self, staff, customer, suspicious):
        order, review = suspicious
        check_out(customer, order)
        assert review_of(staff, order)["id"] == review["id"]

    def test_approved_goods_leave(self, staff, customer, suspicious):
        order, review = suspicious
        pay(customer, order)
        decided = ok(
            staff.post(f"fraud/reviews/{review['id']}/decide/", {"decision": "approve", "note": "Called."})
        )
        assert (decided["status"], decided["fraud"], decided["note"]) == ("approved", False, "Called.")
        assert decided["order"]["held_until"] is None
        assert ok(staff.post(f"orders/{order['id']}/ship/"))["status"] == "shipped"

    def test_a_rejected_order_is_cancelled_and_paid_back(self, staff, customer, suspicious):
        order, review = suspicious
        pay(customer, order)
        decided = ok(staff.post(f"fraud/reviews/{review['id']}/decide/", {"decision": "reject"}))
        assert (decided["status"], decided["fraud"]) == ("rejected", True)
        seen = ok(customer.get(f"orders/{order['id']}/"))
        assert seen["status"] == "cancelled"
        wait_until(
            lambda: ok(customer.get(f"orders/{order['id']}/"))["payment_status"] == "refunded", timeout_s=60
        )

    def test_the_customer_is_not_blocked_afterwards(self, staff, customer, suspicious):
        _, review = suspicious
        ok(staff.post(f"fraud/reviews/{review['id']}/decide/", {"decision": "reject"}))
        check_out(customer, customer.order(staff.add_product(price="15.00")))

    def test_a_review_is_decided_once(self, staff, suspicious):
        _, review = suspicious
        path = f"fraud/reviews/{review['id']}/decide/"
        ok(staff.post(path, {"decision": "approve"}))
        refused(staff.post(path, {"decision": "reject"}), 409, "fraud_review_decided")

    def test_what_turns_out_later_is_kept(self, staff, customer):
        order = customer.order(staff.add_product(price="12.00"))
        check_out(customer, order)
        review = review_of(staff, order)
        told = ok(staff.post(f"fraud/reviews/{review['id']}/label/", {"fraud": True, "note": "Chargeback"}))
        assert (told["fraud"], told["status"], told["note"]) == (True, review["status"], "Chargeback")

    def test_decisions_are_audited(self, staff, suspicious):
        _, review = suspicious
        ok(staff.post(f"fraud/reviews/{review['id']}/decide/", {"decision": "approve"}))
        entries = ok(staff.get("audit/", page_size=50))["results"]
        assert f"fraud_review:{review['id']}" in [entry["target"] for entry in entries]

    @pytest.mark.parametrize("who", ["guest", "customer"])
    def test_the_queue_is_for_staff(self, request, who, suspicious):
        person, (_, review) = request.getfixturevalue(who), suspicious
        status, code = (401, "not_authenticated") if who == "guest" else (403, "permission_denied")
        refused(person.get("fraud/reviews/"), status, code)
        refused(person.get(f"fraud/reviews/{review['id']}/"), status, code)
        refused(person.post(f"fraud/reviews/{review['id']}/decide/", {"decision": "approve"}), status, code)

    def test_unknown_reviews_and_unclear_decisions(self, staff, suspicious):
        _, review = suspicious
        not_found(staff.get(f"fraud/reviews/{UNKNOWN}/"))
        not_found(staff.post(f"fraud/reviews/{UNKNOWN}/decide/", {"decision": "approve"}))
        assert refused_field(
            staff.post(f"fraud/reviews/{review['id']}/decide/", {"decision": "ban"}), "decision"
        )
        assert refused_field(staff.get("fraud/reviews/", status="none"), "status")


class TestPricing:
    @pytest.fixture
    def product(self, staff):
        """Something with a cost and limits."""
        made = staff.add_product(price="20.09", stock=50)
        ok(staff.put(f"pricing/limits/{made['id']}/", {"cost": "10.00", "floor": "12.00", "cap": "30.00"}))
        return made

    @staticmethod
    def propose(staff, product, price="21.99"):
        """Propose a price by hand; its row."""
        (row,) = ok(staff.post("pricing/proposals/", {"product_id": product["id"], "price": price}), 201)[
            "results"
        ]
        return row

    def test_a_proposal_changes_nothing_by_itself(self, staff, guest, product):
        row = self.propose(staff, product)
        assert (row["status"], row["current_price"], row["proposed_price"]) == ("open", "20.09", "21.99")
        explained(row)
        assert guest.product(product["id"])["price"] == "20.09"

    def test_an_approved_price_is_everybodys(self, staff, guest, customer, product):
        row = self.propose(staff, product)
        done = ok(staff.post(f"pricing/proposals/{row['id']}/approve/"))
        assert (done["status"], done["decided_by"] is not None) == ("applied", True)
        assert [person.product(product["id"])["price"] for person in (guest, customer)] == ["21.99", "21.99"]

    def test_a_cart_keeps_the_price_that_its_owner_saw(self, staff, customer, new_customer, product):
        customer.add_to_cart(product, 2)
        row = self.propose(staff, product)
        ok(staff.post(f"pricing/proposals/{row['id']}/approve/"))
        (line,) = customer.cart()["items"]
        assert (line["unit_price"], line["line_total"]) == ("20.09", "40.18")
        assert datetime.fromisoformat(line["held_until"]) > datetime.now(UTC)
        order = customer.order_cart()
        assert order["items"][0]["unit_price"] == "20.09"
        late = new_customer()
        late.add_to_cart(product)
        (fresh,) = late.cart()["items"]
        assert (fresh["unit_price"], fresh["held_until"]) == ("21.99", None)

    def test_a_lower_price_is_in_the_cart_at_once(self, staff, customer, product):
        customer.add_to_cart(product)
        row = self.propose(staff, product, "18.99")
        ok(staff.post(f"pricing/proposals/{row['id']}/approve/"))
        (line,) = customer.cart()["items"]
        assert (line["unit_price"], line["held_until"]) == ("18.99", None)

    def test_a_rejected_price_stays_away(self, staff, guest, product):
        row = self.propose(staff, product)
        done = ok(staff.post(f"pricing/proposals/{row['id']}/reject/", {"note": "Not now."}))
        assert (done["status"], done["note"]) == ("rejected", "Not now.")
        assert guest.product(product["id"])["price"] == "20.09"
        refused(staff.post(f"pricing/proposals/{row['id']}/approve/"), 409, "price_proposal_decided")

    def test_a_price_can_wait_for_its_time(self, staff, guest, product):
        row = self.propose(staff, product)
        later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        done = ok(staff.post(f"pricing/proposals/{row['id']}/approve/", {"apply_at": later}))
        assert (done["status"], done["applied_at"]) == ("approved", None)
        assert guest.product(product["id"])["price"] == "20.09"

    @pytest.mark.parametrize(
        ("price", "limit"), [("11.99", "floor"), ("30.99", "cap"), ("24.99", "step"), ("20.50", "rounding")]
    )
    def test_no_limit_is_broken(self, staff, product, price, limit):
        body = {"product_id": product["id"], "price": price}
        assert limit in refused(staff.post("pricing/proposals/", body), 409, "price_limit_broken")["limits"]

    def test_two_steps_in_a_day_are_one_too_many(self, staff, product):
        row = self.propose(staff, product)
        ok(staff.post(f"pricing/proposals/{row['id']}/approve/"))
        body = {"product_id": product["id"], "price": "23.99"}
        assert refused(staff.post("pricing/proposals/", body), 409, "price_limit_broken")["limits"] == [
            "step"
        ]

    def test_without_limits_nothing_is_proposed(self, staff):
        body = {"product_id": staff.add_product()["id"], "price": "10.09"}
        refused(staff.post("pricing/proposals/", body), 409, "price_limits_missing")

    def test_a_product_has_one_proposal_at_a_time(self, staff, product):
        self.propose(staff, product)
        body = {"product_id": product["id"], "price": "20.99"}
        refused(staff.post("pricing/proposals/", body), 409, "price_proposal_exists")

    def test_the_service_is_asked_and_whatever_it_says_prices_stay(self, staff, guest, product):
        answer = ok(staff.post("pricing/proposals/", {"product_ids": [product["id"]]}), 201)
        explained(answer)
        for row in answer["results"]:
            explained(row)
            assert Decimal("12.00") <= Decimal(row["proposed_price"]) <= Decimal("30.00")
        assert len(answer["results"]) + len(answer["skipped"]) <= 1
        assert guest.product(product["id"])["price"] == "20.09"

    def test_frozen_prices_stay(self, staff, guest, product):
        row = self.propose(staff, product)
        try:
            assert ok(staff.put("pricing/freeze/", {"frozen": True, "note": unique("stop")}))["frozen"]
            assert ok(staff.post(f"pricing/proposals/{row['id']}/approve/"))["status"] == "approved"
            refused(staff.post("pricing/proposals/", {}), 409, "prices_frozen")
            assert guest.product(product["id"])["price"] == "20.09"
        finally:
            assert not ok(staff.put("pricing/freeze/", {"frozen": False}))["frozen"]

    def test_the_lowest_price_of_thirty_days_is_told(self, staff, guest, product):
        row = self.propose(staff, product, "18.99")
        ok(staff.post(f"pricing/proposals/{row['id']}/approve/"))
        told = ok(guest.get(f"pricing/products/{product['id']}/"))
        assert (told["price"], told["lowest_price_30d"]) == ("18.99", "20.09")
        assert [entry["price"] for entry in told["history"]] == ["20.09", "18.99"]

    def test_approvals_are_audited(self, staff, product):
        row = self.propose(staff, product)
        ok(staff.post(f"pricing/proposals/{row['id']}/approve/"))
        entries = ok(staff.get("audit/", page_size=50))["results"]
        assert f"price_proposal:{row['id']}" in [entry["target"] for entry in entries]

    @pytest.mark.parametrize("who", ["guest", "customer"])
    def test_prices_are_proposed_by_staff(self, request, who, product):
        person = request.getfixturevalue(who)
        status, code = (401, "not_authenticated") if who == "guest" else (403, "permission_denied")
        refused(person.get("pricing/proposals/"), status, code)
        refused(person.post("pricing/proposals/", {}), status, code)
        refused(person.get(f"pricing/limits/{product['id']}/"), status, code)
        refused(person.put("pricing/freeze/", {"frozen": True}), status, code)

    def test_unknown_things(self, staff, guest):
        not_found(staff.get(f"pricing/proposals/{UNKNOWN}/"))
        not_found(staff.post(f"pricing/proposals/{UNKNOWN}/approve/"))
        not_found(staff.get(f"pricing/limits/{UNKNOWN}/"))
        not_found(guest.get(f"pricing/products/{UNKNOWN}/"))

    def test_the_total_of_a_cart_is_that_of_its_lines(self, staff, customer, product):
        customer.add_to_cart(product, 3)
        row = self.propose(staff, product)
        ok(staff.post(f"pricing/proposals/{row['id']}/approve/"))
        cart = customer.cart()
        assert money(cart["total"]) == sum(money(line["line_total"]) for line in cart["items"])

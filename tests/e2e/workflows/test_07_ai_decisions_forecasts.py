"""Looking ahead through the front door: what will be sold, and what to order for it, with or without a trained model.

All of it runs once more in ``test_96_ai_outage``, with the service dead.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.e2e.support.answers import ok, refused, refused_field
from tests.e2e.support.things import unique

SOURCES = {"model", "baseline", "fallback"}
STAFF_ONLY = ("forecast/", "reorder-proposals/")


@pytest.fixture
def category(staff):
    return staff.add_category()


@pytest.fixture
def article(staff, customer, category):
    """An article of which 8 of 20 were just ordered."""
    made = staff.add_product(price="5.00", stock=20, category_id=category["id"])
    customer.order(made, 5)
    customer.order(made, 3)
    return made


def answer_of(staff, path, **query):
    """A list, after a look at its form."""
    body = ok(staff.get(f"analytics/{path}", **query))
    assert body["source"] in SOURCES
    assert body["reasons"]
    for one in [body, *body["results"]]:
        assert one["model"] is None or set(one["model"]) == {"name", "version", "digest"}
        assert one["reasons"]
    return body


def forecast_of(staff, article, **query):
    (one,) = answer_of(staff, "forecast/", search=article["sku"], **query)["results"]
    return one


def proposals_of(staff, article, **query):
    return answer_of(staff, "reorder-proposals/", search=article["sku"], **query)["results"]


class TestWhoMayLook:
    @pytest.mark.parametrize("path", STAFF_ONLY)
    def test_staff_only(self, path, customer, guest):
        refused(customer.get(f"analytics/{path}"), 403, "permission_denied")
        refused(guest.get(f"analytics/{path}"), 401, "not_authenticated")

    @pytest.mark.parametrize("path", STAFF_ONLY)
    def test_nobody_writes(self, path, staff):
        refused(staff.post(f"analytics/{path}"), 405, "method_not_allowed")


class TestForecasts:
    def test_what_sells_is_forecast_with_a_band(self, staff, article):
        one = forecast_of(staff, article)
        assert one["product"] == {"id": article["id"], "sku": article["sku"], "name": article["name"]}
        assert len(one["weeks"]) == 4
        for week in one["weeks"]:
            assert 0 <= week["low"] <= week["units"] <= week["high"]
        assert one["weeks"][0]["units"] > 0

    def test_weeks_follow_one_another_from_now_on(self, staff, article):
        weeks = forecast_of(staff, article, weeks=8)["weeks"]
        starts = [date.fromisoformat(week["start"]) for week in weeks]
        today = datetime.now(UTC).date()
        assert today - timedelta(days=7) <= starts[0] <= today + timedelta(days=2)
        assert starts == [starts[0] + timedelta(weeks=ahead) for ahead in range(8)]
        assert all(
            date.fromisoformat(week["end"]) == start + timedelta(days=6)
            for week, start in zip(weeks, starts, strict=True)
        )

    def test_a_new_article_has_its_own_sales_for_a_reason(self, staff, article):
        one = forecast_of(staff, article)
        assert one["method"] == "seasonal_naive"
        assert one["model"] is None
        assert "4 weeks" in one["reasons"][0]

    def test_a_category_is_forecast_by_its_articles(self, staff, article, category):
        (one,) = answer_of(staff, "forecast/", kind="category", search=category["slug"])["results"]
        assert one["product"] is None
        assert one["category"]["id"] == category["id"]
        assert one["weeks"][0]["units"] == pytest.approx(forecast_of(staff, article)["weeks"][0]["units"])

    def test_what_was_cancelled_is_no_demand(self, staff, customer):
        made = staff.add_product(stock=5)
        ok(customer.cancel(customer.order(made, 2)))
        assert answer_of(staff, "forecast/", search=made["sku"])["results"] == []

    def test_what_was_never_sold_is_not_forecast(self, staff):
        made = staff.add_product()
        assert answer_of(staff, "forecast/", search=made["sku"])["count"] == 0

    def test_pages_follow_one_another(self, staff, customer, article):
        customer.order(staff.add_product())
        first = answer_of(staff, "forecast/", page_size=1, cursor="")
        assert first["count"] >= 2
        second = answer_of(staff, first["next"].partition("/api/analytics/")[2])
        assert second["results"][0]["product"]["id"] > first["results"][0]["product"]["id"]

    @pytest.mark.parametrize(
        ("field", "value"), [("weeks", 0), ("weeks", 99), ("kind", "planet"), ("search", "x" * 101)]
    )
    def test_what_makes_no_sense_is_refused(self, staff, field, value):
        refused_field(staff.get("analytics/forecast/", **{field: value}), field)


class TestProposals:
    def test_what_runs_out_is_proposed(self, staff, article):
        (one,) = proposals_of(staff, article, lead_time_days=28)
        assert one["available"] == 12
        assert one["reorder_point"] >= 12
        assert one["available"] + one["quantity"] >= one["order_up_to"] >= one["reorder_point"]
        assert one["reasons"][0].startswith("12 can be sold; at ")
        assert "28 days" in one["reasons"][1]

    def test_plenty_of_stock_is_left_alone(self, staff, customer):
        made = staff.add_product(stock=10_000)
        customer.order(made, 2)
        assert proposals_of(staff, made) == []

    def test_what_is_sold_out_is_proposed_first(self, staff, customer):
        made = staff.add_product(stock=4)
        customer.order(made, 4)
        (one,) = proposals_of(staff, made)
        assert (one["available"], one["days_left"]) == (0, 0)
        assert one["reasons"][0].startswith("It is sold out")

    def test_more_certainty_and_longer_ways_need_more(self, staff, customer):
        made = staff.add_product(stock=9)
        customer.order(made, 8)
        points = [
            proposals_of(staff, made, service_level=level, lead_time_days=days)[0]["reorder_point"]
            for level, days in ((0.5, 14), (0.95, 14), (0.95, 42))
        ]
        assert points == sorted(set(points))

    def test_the_supplier_sells_no_fewer(self, staff, customer):
        made = staff.add_product(stock=4)
        customer.order(made, 4)
        (one,) = proposals_of(staff, made, moq=5_000)
        assert (one["quantity"], one["moq"]) == (5_000, 5_000)
        assert "at least 5000" in " ".join(one["reasons"])

    def test_an_arrival_takes_the_proposal_away(self, staff, article):
        assert proposals_of(staff, article, lead_time_days=28)
        staff.change_product(article, stock=5_000)
        assert proposals_of(staff, article, lead_time_days=28) == []

    def test_nothing_that_was_never_sold_is_proposed(self, staff):
        made = staff.add_product(stock=0, name=unique("Shelf warmer"))
        assert proposals_of(staff, made) == []

    @pytest.mark.parametrize(
        ("field", "value"), [("service_level", 1), ("lead_time_days", -1), ("moq", 0), ("page", 0)]
    )
    def test_what_makes_no_sense_is_refused(self, staff, field, value):
        refused_field(staff.get("analytics/reorder-proposals/", **{field: value}), field)

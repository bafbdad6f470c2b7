"""What to order: stock beside what will be asked for."""

import pytest

from apps.forecasting.models import ReorderPolicy
from apps.forecasting.services import forecasts_refresh
from tests.integration.forecasting.conftest import MODEL
from tests.support.factories import past_order_make, product_make, variant_make

PATH = "/api/analytics/reorder-proposals/"


def body_of(client, **query):
    response = client.get(PATH, query)
    assert response.status_code == 200, response.content
    return response.json()


def skus(body) -> list[str]:
    return [one["product"]["sku"] for one in body["results"]]


def test_articles_that_run_out_are_proposed_from_the_kept_forecasts(service, shop, staff):
    forecasts_refresh()
    body = body_of(staff)
    assert skus(body) == ["C0"]  # C1 has plenty, C2 is hidden, the fourth was never sold
    (one,) = body["results"]
    assert (one["available"], one["source"], one["model"]) == (4, "fallback", MODEL)
    # 14 a week; three weeks of lead time and review at 95 % need 14 x 3 x 1.95, four weeks of sales come on top
    assert (one["reorder_point"], one["order_up_to"], one["quantity"]) == (82, 138, 134)
    assert one["days_left"] == 2
    assert one["reasons"][0] == "4 can be sold; at 14.0 a week they last 2 days."


def test_without_any_forecast_past_sales_are_enough(shop, staff):
    body = body_of(staff)
    assert (body["source"], body["model"]) == ("fallback", None)
    assert skus(body) == ["C0"]
    assert body["results"][0]["method"] == "seasonal_naive"


def test_terms_can_be_asked_for(service, shop, staff):
    forecasts_refresh()
    slow = body_of(staff, lead_time_days=49, service_level=0.5, search="C0")["results"][0]
    assert (slow["lead_time_days"], slow["service_level"]) == (49, 0.5)
    assert slow["reorder_point"] == 14 * 8 * 1.5
    assert body_of(staff, moq=5_000)["results"][0]["quantity"] == 5_000
    assert skus(body_of(staff, lead_time_days=365)) == ["C0", "C1"]  # longer than any forecast: it goes on


def test_an_articles_policy_goes_before_the_shops_and_a_callers_before_both(service, shop, staff):
    forecasts_refresh()
    ReorderPolicy.objects.create(
        product=shop[0], lead_time_days=0, service_level=0.9, minimum_quantity=7, pack_size=50
    )
    one = body_of(staff)["results"][0]
    assert (one["lead_time_days"], one["service_level"], one["moq"], one["pack_size"]) == (0, 0.9, 7, 50)
    assert one["quantity"] % 50 == 0
    assert body_of(staff, lead_time_days=3, moq=9)["results"][0]["moq"] == 9


def test_stock_of_variants_counts_and_reserved_stock_does_not(shop, staff):
    shirt = product_make(sku="SHIRT", stock=None)
    variant_make(product=shirt, stock=3)
    variant_make(product=shirt, stock=2)
    past_order_make(None, shirt)
    assert {one["product"]["sku"]: one["available"] for one in body_of(staff)["results"]}["SHIRT"] == 5
    item = shop[0].stock_item
    item.reserved = 3
    item.save()
    assert {one["product"]["sku"]: one["available"] for one in body_of(staff)["results"]}["C0"] == 1


def test_the_most_urgent_comes_first_and_pages_follow(shop, staff):
    empty = product_make(sku="EMPTY", stock=0)
    past_order_make(None, empty)
    first = body_of(staff, page_size=1)
    assert (skus(first), first["count"], first["previous"]) == (["EMPTY"], 2, None)
    second = staff.get(first["next"]).json()
    assert (skus(second), second["next"]) == (["C0"], None)
    assert staff.get(PATH, {"page": 3}).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"service_level": 1}, {"service_level": 0.4}, {"service_level": "nan"}, {"lead_time_days": -1},
        {"lead_time_days": 366}, {"moq": 0}, {"moq": "x"}, {"cursor": ""}, {"page": 0},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(staff, wrong):
    response = staff.get(PATH, wrong)
    assert response.status_code == 400
    assert list(response.json()["extra"]["fields"]) == list(wrong)


def test_a_search_is_text_and_no_pattern(shop, staff):
    assert body_of(staff, search="%")["count"] == 0
    assert body_of(staff, search="Prod")["count"] == 1


def test_the_number_of_statements_does_not_grow(service, shop, staff, django_assert_max_num_queries):
    forecasts_refresh()
    with django_assert_max_num_queries(12):
        body_of(staff)

"""What staff sees of forecasts, with the service and without."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.forecasting.models import DemandForecast
from apps.forecasting.services import forecasts_refresh
from tests.integration.forecasting.conftest import MODEL, forecast
from tests.support.api import client_of
from tests.support.factories import user_make

PATH = "/api/analytics/forecast/"


def body_of(client, path=PATH, **query):
    response = client.get(path, query)
    assert response.status_code == 200, response.content
    return response.json()


def test_forecasts_come_from_the_service_with_model_and_reasons(service, shop, staff):
    body = body_of(staff, weeks=2)
    assert (body["source"], body["model"], body["count"]) == ("model", MODEL, 2)
    first = body["results"][0]
    assert first["product"]["sku"] == "C0"
    assert (first["source"], first["model"], first["method"]) == ("model", MODEL, "ensemble")
    assert [week["units"] for week in first["weeks"]] == [14, 14]
    assert first["reasons"] == ["It sold 12 a week."]
    ((path, question),) = service.asked
    assert path == "/v1/forecast"
    assert [item["key"] for item in question["items"]] == ["C0", "C1"]
    assert question["items"][0]["recent"] == [2, 2, 2, 2, 2]  # nothing of the cancelled order


def test_categories_are_forecast_too(service, shop, staff):
    body = body_of(staff, kind="category")
    assert [result["category"]["name"] for result in body["results"]] == ["Cups"]
    assert body["results"][0]["product"] is None
    assert service.asked[0][1]["items"] == [{"key": "cups", "recent": [6, 6, 6, 6, 6]}]


def test_without_the_service_its_last_forecasts_go_on(service, shop, staff):
    assert forecasts_refresh() == 3
    service.status = 500
    body = body_of(staff)
    assert (body["source"], body["model"]) == ("fallback", MODEL)
    result = body["results"][0]
    assert (result["source"], result["model"]) == ("fallback", MODEL)
    assert [week["units"] for week in result["weeks"]] == [14] * 4
    assert result["reasons"][0].startswith("This is the last forecast that was kept")


@pytest.mark.parametrize("trouble", ["absent", "error", "nonsense", "something else"])
def test_without_any_forecast_past_sales_stand_in(request, shop, staff, trouble):
    if trouble != "absent":
        service = request.getfixturevalue("service")
        service.status = 500 if trouble == "error" else 200
        service.raw = b"?" if trouble == "nonsense" else None
        if trouble == "something else":
            service.answers["/v1/forecast"] = {"source": "model", "model": MODEL, "levels": [], "items": []}
    body = body_of(staff)
    assert (body["source"], body["model"]) == ("fallback", None)
    result = body["results"][0]
    assert (result["source"], result["method"]) == ("fallback", "seasonal_naive")
    assert [week["units"] for week in result["weeks"]] == [2] * 4
    tomorrow = timezone.now().date() + timedelta(days=1)
    assert result["weeks"][0]["start"] == tomorrow.isoformat()


def test_last_forecasts_of_weeks_that_are_over_are_not_shown(service, shop, staff):
    forecasts_refresh()
    service.status = 500
    for row in DemandForecast.objects.all():
        row.weeks = [week | {"end": "2020-01-01"} for week in row.weeks]
        row.save()
    assert body_of(staff)["results"][0]["method"] == "seasonal_naive"


def test_a_refresh_replaces_and_forgets_and_a_failing_one_keeps(service, shop):
    forecasts_refresh()
    DemandForecast.objects.create(
        kind="article", key="GONE", weeks=[], needs=[], levels=[], most_needed=0, source="model"
    )
    service.answers["/v1/forecast"] = lambda question: forecast(question, pace=21, version="8")
    service.status = 500
    assert forecasts_refresh() == 0
    assert DemandForecast.objects.get(key="C0").weeks[0]["units"] == 14
    service.status = 200
    assert forecasts_refresh() == 3
    assert {row.key: row.weeks[0]["units"] for row in DemandForecast.objects.all()} == {
        "C0": 21, "C1": 21, "cups": 21,
    }  # fmt: skip
    assert DemandForecast.objects.get(key="C0").most_needed == pytest.approx(21 * 8 * 1.99)


def test_a_round_is_made_once_a_day_and_once_for_each_model(service, shop):
    assert forecasts_refresh() == 3
    before = len(service.asked)
    assert forecasts_refresh() == 0
    assert len(service.asked) == before + 1  # which model answers now?
    yesterday = timezone.now() - timedelta(days=1)
    DemandForecast.objects.filter(key="C1").update(made_at=yesterday)  # a round that was cut off
    assert forecasts_refresh() == 3
    service.answers["/v1/forecast"] = lambda question: forecast(question, version="8")
    assert forecasts_refresh() == 3


def test_without_a_model_one_question_is_enough_and_nothing_is_kept(service, shop):
    service.answers["/v1/forecast"] = lambda question: forecast(question) | {"model": None, "last_day": None}
    assert forecasts_refresh() == 0
    assert len(service.asked) == 1
    assert not DemandForecast.objects.exists()


def test_search_finds_by_sku_and_name(shop, staff):
    assert [one["product"]["sku"] for one in body_of(staff, search="c1")["results"]] == ["C1"]
    assert body_of(staff, search="nothing like this")["count"] == 0


def test_pages_follow_one_another(shop, staff):
    first = body_of(staff, page_size=1, cursor="")
    assert [one["product"]["sku"] for one in first["results"]] == ["C0"]
    second = staff.get(first["next"]).json()
    assert [one["product"]["sku"] for one in second["results"]] == ["C1"]


@pytest.mark.parametrize(
    "wrong", [{"weeks": 0}, {"weeks": 9}, {"weeks": "x"}, {"kind": "planet"}, {"search": "a" * 101}]
)
def test_what_makes_no_sense_is_refused(staff, wrong):
    response = staff.get(PATH, wrong)
    assert response.status_code == 400
    assert list(response.json()["extra"]["fields"]) == list(wrong)


@pytest.mark.parametrize("path", [PATH, "/api/analytics/reorder-proposals/"])
def test_customers_and_guests_look_at_nothing(db, path):
    assert client_of().get(path).status_code == 401
    assert client_of(user_make()).get(path).status_code == 403
    assert client_of(user_make(is_staff=True)).get(path).status_code == 403


def test_the_number_of_statements_does_not_grow(service, shop, staff, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        body_of(staff, page_size=100)

"""``/api/analytics/``: for staff with the permission, right to the cent, in a fixed number of queries."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.activity.models import Activity
from apps.analytics.services.backfill import analytics_backfill
from apps.analytics.services.segments import segments_refresh
from apps.orders.models import Cart
from apps.products.services.categories import category_create
from tests.support.analytics import counted, imported_make, sold_make
from tests.support.api import client_of
from tests.support.factories import product_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)
LISTS = (
    "sales/daily/",
    "products/",
    "categories/",
    "activity/",
    "segments/",
    "segments/customers/",
    "reports/",
)
OTHERS = ("sales/summary/", "funnel/", "cohorts/")
MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)
YEAR = {"start": "2026-01-01", "end": "2026-12-31"}


@pytest.fixture
def analyst():
    user = user_make(is_staff=True)
    user.groups.add(Group.objects.get(name="analyst"))
    return client_of(user)


def ask(client, path, **query):
    answer = client.get(f"/api/analytics/{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def history(*, customers=3, days=5):
    """Each customer buys two articles a day; ten minor units more every day."""
    category = category_create(name="Kitchen")
    product_make(sku="A", category=category)
    product_make(sku="B")
    people = [user_make() for _ in range(customers)]
    for day in range(days):
        for user in people:
            at = MAY + timedelta(days=day)
            imported_make(("A", 2, 100 + 10 * day), ("B", 1, 50), at=at, user=user)
    analytics_backfill(progress=lambda count: None)
    segments_refresh()
    return category, people


@pytest.mark.parametrize("path", [*LISTS, *OTHERS, "reports/1/", "reports/1/download/csv/"])
def test_for_staff_with_the_permission_only(path):
    url = f"/api/analytics/{path}"
    assert client_of().get(url).status_code == 401
    assert client_of(user_make()).get(url).status_code == 403
    assert client_of(user_make(is_staff=True)).get(url).status_code == 403


def test_who_may_ask_for_reports(analyst):
    assert client_of(user_make()).post("/api/analytics/reports/", {}).status_code == 403
    assert analyst.post("/api/analytics/reports/", {}).status_code == 201


def test_an_empty_shop(analyst):
    for path in LISTS:
        body = ask(analyst, path)
        assert (body["count"], body["results"]) == (0, [])
    assert ask(analyst, "sales/summary/")["current"]["total"] == "0.00"
    assert ask(analyst, "funnel/")["orders"][0] == {
        "stage": "placed", "count": 0, "of_first": None, "of_previous": None,
    }  # fmt: skip
    assert ask(analyst, "cohorts/")["cohorts"] == []


def test_a_day(analyst):
    order = sold_make(prices=(1_000,), quantity=2)
    counted()
    (row,) = ask(analyst, "sales/daily/")["results"]
    money = {name: f"{getattr(order, f'{name}_minor') / 100:.2f}"
             for name in ("subtotal", "shipping", "tax", "discount", "total")}  # fmt: skip
    assert row == {
        "day": timezone.now().date().isoformat(), "currency": "GBP", "orders": 1, "units": 2, **money,
        "average_order": money["total"], "net": money["total"], "placed": money["total"], "placed_orders": 1,
        "cancelled_orders": 0, "cancelled": "0.00", "refunds": 0, "refunded": "0.00", "credit_notes": 0,
        "credited": "0.00", "shipped_orders": 0, "delivered_orders": 0,
    }  # fmt: skip


def test_a_summary_has_the_period_before(analyst):
    history(days=4)
    body = ask(analyst, "sales/summary/", start="2026-05-03", end="2026-05-04")
    assert (body["current"]["orders"], body["previous"]["orders"]) == (6, 6)
    assert (body["current"]["total"], body["previous"]["total"]) == ("18.00", "15.60")


def test_articles(analyst):
    history(days=2)
    rows = ask(analyst, "products/", **YEAR)["results"]
    assert [(row["sku"], row["orders"], row["units"], row["revenue"]) for row in rows] == [
        ("A", 6, 12, "12.60"), ("B", 6, 6, "3.00"),
    ]  # fmt: skip
    assert [row["sku"] for row in ask(analyst, "products/", ordering="units", **YEAR)["results"]] == [
        "B",
        "A",
    ]
    assert ask(analyst, "products/", search="b", **YEAR)["count"] == 1
    assert ask(analyst, "products/", start="2026-05-02", end="2026-05-02")["results"][0]["revenue"] == "6.60"
    assert ask(analyst, "products/", currency="EUR", **YEAR)["results"] == []


def test_categories_and_what_has_none(analyst):
    category, _ = history(days=2)
    body = ask(analyst, "categories/", **YEAR)
    (row,) = body["results"]
    assert row["category"] == {"id": category.pk, "slug": category.slug, "name": "Kitchen"}
    assert (row["revenue"], body["uncategorised"]["revenue"]) == ("12.60", "3.00")


def test_activity_of_one(analyst):
    _, people = history(days=3)
    body = ask(analyst, "activity/", user_id=people[0].pk, **YEAR)
    assert body["count"] == 3
    assert {row["user_id"] for row in body["results"]} == {people[0].pk}
    assert body["results"][0]["day"] == "2026-05-03"


def test_segments(analyst):
    _, people = history(customers=4, days=2)
    (row,) = ask(analyst, "segments/")["results"]
    assert (row["customers"], row["share"], row["total"]) == (4, 1.0, "20.80")
    rows = ask(analyst, "segments/customers/", segment=row["segment"])["results"]
    assert {each["user_id"] for each in rows} == {person.pk for person in people}
    assert segments_refresh() == 0


def test_the_funnel(analyst):
    for until in ("placed", "paid", "shipped", "delivered"):
        sold_make(until=until)
    Cart.objects.create(user=user_make())
    counted()
    body = ask(analyst, "funnel/")
    assert [(stage["stage"], stage["count"]) for stage in body["orders"]] == [
        ("placed", 4), ("paid", 3), ("shipped", 2), ("delivered", 1),
    ]  # fmt: skip
    people = {stage["stage"]: stage["count"] for stage in body["customers"]}
    assert people.pop("registered") == 5  # staff are no customers; the analyst is staff
    assert people == {"filled_cart": 5, "ordered": 4, "paid": 3, "received": 1, "came_back": 0}
    assert body["orders"][2]["of_previous"] == 0.6667


def test_the_funnel_of_visitors(analyst):
    buyer, now = user_make(), timezone.now()
    sold_make(until="paid", user=buyer)
    counted()
    deeds = [
        ("", None, "viewed"), ("gone", None, "viewed"), ("g1", None, "viewed"), ("g1", None, "added"),
        (f"u{buyer.pk}", buyer.pk, "viewed"), (f"u{buyer.pk}", buyer.pk, "added"), ("g2", None, "removed"),
    ]  # fmt: skip
    for number, (visitor, user_id, kind) in enumerate(deeds):
        Activity.objects.create(
            entry=str(number), visitor=visitor, user_id=user_id, kind=kind, product_id=1, quantity=1,
            at=now - timedelta(days=400) if visitor == "gone" else now,
        )  # fmt: skip
    visitors = ask(analyst, "funnel/")["visitors"]
    assert [(stage["stage"], stage["count"]) for stage in visitors] == [
        ("visited", 3), ("viewed", 2), ("filled_cart", 2), ("ordered", 1),
    ]  # fmt: skip


def test_cohorts(analyst):
    early, late = user_make(), user_make()
    for user, month in ((early, 1), (early, 3), (early, 3), (late, 1), (late, 2), (user_make(), 3)):
        imported_make(("A", 1, 100), at=datetime(2026, month, 9, tzinfo=UTC), user=user)
    analytics_backfill(progress=lambda count: None)
    first, second = ask(analyst, "cohorts/", **YEAR)["cohorts"]
    assert (first["cohort"], first["customers"]) == ("2026-01-01", 2)
    assert [(m["month"], m["customers"], m["retention"], m["orders"]) for m in first["months"]] == [
        (0, 2, 1.0, 2), (1, 1, 0.5, 1), (2, 1, 0.5, 2),
    ]  # fmt: skip
    assert (second["cohort"], second["customers"]) == ("2026-03-01", 1)


@pytest.mark.parametrize("path", ["sales/daily/", "products/", "categories/", "activity/"])
@pytest.mark.parametrize("way", ["cursor", "page"])
def test_pages_are_complete_and_cost_the_same(analyst, path, way):
    history(customers=2, days=3)
    for number in range(4):
        product_make(sku=f"X{number}", category=category_create(name=f"Shelf {number}"))
        imported_make((f"X{number}", 1, 100), at=MAY, user=user_make())
    analytics_backfill(progress=lambda count: None)
    url = f"/api/analytics/{path}?start=2026-01-01&end=2026-12-31&page_size=2" + (
        "&cursor=" if way == "cursor" else ""
    )
    seen, queries, count = [], set(), 0
    while url:
        with CaptureQueriesContext(connection) as captured:
            body = analyst.get(url).json()
        seen += [str(row) for row in body["results"]]
        queries.add(len(captured))
        count, url = body["count"], body["next"] and "?".join(urlsplit(body["next"])[2:4])
    assert len(set(seen)) == len(seen) == count
    assert len(queries) == 1


@pytest.mark.parametrize("path", [*LISTS, *OTHERS])
def test_queries_do_not_grow(analyst, path):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            ask(analyst, path, **YEAR)
        return len(captured)

    history(customers=1, days=1)
    analyst.post("/api/analytics/reports/", {})
    first = queries()
    for number in range(3):
        imported_make((f"Y{number}", 1, 100), at=MAY + timedelta(days=40 * number), user=user_make())
        analyst.post("/api/analytics/reports/", {})
    analytics_backfill(progress=lambda count: None)
    segments_refresh()
    assert queries() == first


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("sales/daily/", {"start": "yesterday"}, "start"),
        ("sales/daily/", {"start": "2026-02-30"}, "start"),
        ("sales/daily/", {"start": "2026-02-02", "end": "2026-02-01"}, "start"),
        ("sales/daily/", {"start": "1900-01-01", "end": "2026-02-01"}, "start"),
        ("sales/daily/", {"currency": "pounds"}, "currency"),
        ("sales/daily/", {"cursor": "abc"}, "cursor"),
        ("sales/daily/", {"page_size": "101"}, "page_size"),
        ("products/", {"ordering": "name"}, "ordering"),
        ("products/", {"search": "x\x00"}, "search"),
        ("activity/", {"user_id": "0"}, "user_id"),
        ("activity/", {"user_id": "9" * 30}, "user_id"),
        ("segments/customers/", {"segment": "rich"}, "segment"),
        ("cohorts/", {"end": "2026"}, "end"),
    ],
)
def test_bad_questions(analyst, path, query, field):
    answer = analyst.get(f"/api/analytics/{path}", query)
    assert answer.status_code == 400
    assert field in answer.json()["extra"]["fields"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("path", ["sales/daily/", "products/", *OTHERS])
def test_the_ends_of_time(analyst, path, day):
    ask(analyst, path, start=day, end=day)
    ask(analyst, path, **({"end": day} if day < "1000" else {"start": day}))


@pytest.mark.parametrize("path", [*LISTS[:-1], *OTHERS])
def test_nobody_writes(analyst, path):
    for method in ("post", "put", "patch", "delete"):
        assert getattr(analyst, method)(f"/api/analytics/{path}", {}, format="json").status_code == 405

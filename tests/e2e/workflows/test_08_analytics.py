"""Analytics through the front door: what people do at the shop shows in the figures of staff, to the cent.

Other tests shop at the same time, so figures are looked at by article, by customer or as growth.
"""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import openpyxl
import pytest

from tests.e2e.support.answers import money, not_found, ok, refused, refused_field
from tests.e2e.support.people import line, place
from tests.e2e.support.things import unique
from tests.support.polling import wait_until

PAGES = {"success_url": "https://shop.example/thanks", "cancel_url": "https://shop.example/cart"}
STAFF_ONLY = (
    "sales/daily/", "sales/summary/", "products/", "categories/", "activity/", "segments/", "segments/customers/",
    "funnel/", "cohorts/", "reports/", "reports/1/", "reports/1/download/csv/",
)  # fmt: skip
WITHIN_S = 60


@pytest.fixture
def article(staff):
    """A new article at 12.50, and the category that only it is in."""
    category = staff.add_category()
    return staff.add_product(price="12.50", stock=50, category_id=category["id"])


def pay(person, order):
    """Pay at the provider that moves no money."""
    session = ok(
        person.post(
            "payments/create-checkout-session/", {"order_id": order["id"], **PAGES}, key=unique("key")
        ),
        201,
    )
    path = session["url"].partition("/api/")[2]
    answer = person.post(path, {"card": "4242424242424242"})
    assert answer.status_code in (200, 201), answer.text
    wait_until(
        lambda: ok(person.get(f"orders/{order['id']}/"))["payment_status"] == "paid", timeout_s=WITHIN_S
    )
    return session["payment_id"]


def bought(person, article, quantity=1):
    order = person.order(article, quantity)
    return order, pay(person, order)


def figures(staff, path, **query):
    return ok(staff.get(f"analytics/{path}", **query))


def sales_of(staff, article):
    rows = figures(staff, "products/", search=article["sku"])["results"]
    return rows[0] if rows else None


def activity_of(staff, person):
    return figures(staff, "activity/", user_id=person.id)["results"]


def eventually(look, expected):
    """Wait until ``look()`` shows what events have yet to bring."""
    wait_until(lambda: look() == expected, timeout_s=WITHIN_S, every_s=0.2)


class TestWhoMayLook:
    @pytest.mark.parametrize("path", STAFF_ONLY)
    def test_staff_only(self, path, customer, guest):
        refused(customer.get(f"analytics/{path}"), 403, "permission_denied")
        refused(guest.get(f"analytics/{path}"), 401, "not_authenticated")

    def test_customers_ask_for_no_reports(self, customer):
        refused(customer.post("analytics/reports/", {}), 403, "permission_denied")

    @pytest.mark.parametrize(
        ("path", "query", "field"),
        [("sales/daily/", {"start": "soon"}, "start"), ("products/", {"currency": "€"}, "currency"),
         ("activity/", {"user_id": "me"}, "user_id"), ("sales/summary/", {"start": "2026-02-02", "end": "2026-02-01"},
         "start"), ("categories/", {"page_size": 0}, "page_size")],
    )  # fmt: skip
    def test_bad_questions_are_refused(self, staff, path, query, field):
        refused_field(staff.get(f"analytics/{path}", **query), field)


class TestFromOrderToFigures:
    def test_an_order_counts_as_placed_and_once_paid_as_sold(self, staff, customer, article):
        order = customer.order(article, 2)
        eventually(lambda: [row["placed_orders"] for row in activity_of(staff, customer)], [1])
        assert sales_of(staff, article) is None
        pay(customer, order)
        eventually(lambda: (sales_of(staff, article) or {}).get("units"), 2)
        row = sales_of(staff, article)
        assert (row["orders"], row["revenue"], row["returned_units"]) == (1, "25.00", 0)
        assert (row["product_id"], row["name"]) == (article["id"], article["name"])
        (day,) = activity_of(staff, customer)
        assert (day["orders"], day["total"], day["net"]) == (1, order["total"], order["total"])

    def test_the_day_grows_by_what_was_bought(self, staff, customer, article):
        def day():
            today = datetime.now(UTC).date().isoformat()
            rows = figures(staff, "sales/daily/", start=today, end=today)["results"]
            return rows[0] if rows else {"orders": 0, "units": 0, "total": "0.00"}

        before = day()
        order, _ = bought(customer, article, 3)
        eventually(
            lambda: len(activity_of(staff, customer)) == 1 and activity_of(staff, customer)[0]["orders"], 1
        )
        after = day()
        assert after["orders"] >= before["orders"] + 1
        assert after["units"] >= before["units"] + 3
        assert money(after["total"]) >= money(before["total"]) + money(order["total"])
        assert money(after["net"]) == money(after["total"]) - money(after["refunded"]) - money(
            after["credited"]
        )

    def test_cancelling_takes_it_back(self, staff, customer, article):
        order, _ = bought(customer, article)
        eventually(lambda: (sales_of(staff, article) or {}).get("units"), 1)
        ok(customer.cancel(order))
        eventually(lambda: sales_of(staff, article), None)
        (day,) = activity_of(staff, customer)
        assert (day["orders"], day["total"], day["cancelled_orders"], day["cancelled"]) == (
            0, "0.00", 1, order["total"],
        )  # fmt: skip

    def test_a_returned_line(self, staff, customer, article):
        order, payment = bought(customer, article, 3)
        ok(
            staff.post(
                f"payments/{payment}/refund/",
                {"lines": [{"order_item_id": order["items"][0]["id"], "quantity": 1}], "reason": "Broken"},
                key=unique("refund"),
            ),
            201,
        )
        eventually(lambda: (sales_of(staff, article) or {}).get("returned_units"), 1)
        row = sales_of(staff, article)
        assert (row["units"], row["revenue"], row["returned"]) == (3, "37.50", "12.50")
        (day,) = activity_of(staff, customer)
        assert day["refunds"] == 1
        assert money(day["net"]) == money(order["total"]) - money(day["refunded"])

    def test_looking_and_choosing_move_the_funnel_of_visitors(self, staff, guest, article):
        def counts():
            return {one["stage"]: one["count"] for one in figures(staff, "funnel/")["visitors"]}

        before = counts()
        guest.add_to_cart(article)
        assert guest.post(f"products/{article['id']}/view/").status_code == 204
        wait_until(
            lambda: all(counts()[stage] > before[stage] for stage in ("visited", "viewed", "filled_cart")),
            timeout_s=WITHIN_S, every_s=1,
        )  # fmt: skip

    def test_shipping_and_delivery_move_the_funnel(self, staff, customer, article):
        order, _ = bought(customer, article)
        ok(staff.post(f"orders/{order['id']}/ship/"))
        ok(staff.post(f"orders/{order['id']}/deliver/"))
        eventually(lambda: [day["delivered_orders"] for day in activity_of(staff, customer)], [1])
        funnel = figures(staff, "funnel/")
        counts = [stage["count"] for stage in funnel["orders"]]
        assert [stage["stage"] for stage in funnel["orders"]] == ["placed", "paid", "shipped", "delivered"]
        assert counts == sorted(counts, reverse=True)
        assert counts[-1] >= 1
        people = {stage["stage"]: stage["count"] for stage in funnel["customers"]}
        assert people["registered"] >= people["ordered"] >= people["paid"] >= people["received"] >= 1

    def test_two_articles_of_one_order(self, staff, customer, article):
        other = staff.add_product(price="3.00", stock=9)
        order = ok(place(customer, line(article, 1), line(other, 4)), 201)
        pay(customer, order)
        eventually(lambda: (sales_of(staff, other) or {}).get("revenue"), "12.00")
        assert sales_of(staff, article)["revenue"] == "12.50"
        assert sum(map(money, ("12.50", "12.00"))) == money(order["subtotal"])

    def test_a_variant_counts_by_its_own_sku(self, staff, customer):
        product = staff.add_variants(
            {"name": "Small", "price": "4.00", "stock": 5}, {"name": "Large", "price": "6.50", "stock": 5}
        )
        large = product["variants"][1]
        pay(customer, customer.order(product, 2, variant=large))
        eventually(lambda: (sales_of(staff, large) or {}).get("revenue"), "13.00")
        assert sales_of(staff, large)["product_id"] == product["id"]


class TestCategories:
    def rows(self, staff):
        """All categories with sales, page by page."""
        found, page = {}, 1
        while True:
            body = figures(staff, "categories/", page=page, page_size=100)
            found |= {row["category"]["id"]: row["revenue"] for row in body["results"]}
            if not body["next"]:
                return found
            page += 1

    def test_sales_count_in_the_branch_and_follow_a_move(self, staff, customer):
        top = staff.add_category()
        below, other = staff.add_category(top), staff.add_category()
        product = staff.add_product(price="8.00", category_id=below["id"])
        bought(customer, product)
        eventually(lambda: self.rows(staff).get(below["id"]), "8.00")
        assert self.rows(staff)[top["id"]] == "8.00"
        staff.change_product(product, category_id=other["id"])
        eventually(lambda: self.rows(staff).get(other["id"]), "8.00")
        assert not {top["id"], below["id"]} & set(self.rows(staff))


class TestLists:
    def test_pages_by_cursor_are_complete(self, staff, customer, article):
        bought(customer, article)
        eventually(lambda: (sales_of(staff, article) or {}).get("units"), 1)
        seen, body = [], figures(staff, "products/", cursor="", page_size=2, ordering="units")
        for _ in range(500):
            seen += [row["sku"] for row in body["results"]]
            if not body["next"]:
                break
            body = ok(staff.http.get(body["next"], headers={"Authorization": f"Bearer {staff.access}"}))
        assert len(seen) == len(set(seen)) >= 1
        assert article["sku"] in seen

    def test_a_period_without_sales_is_empty(self, staff):
        old = {"start": "1999-01-01", "end": "1999-12-31"}
        for path in ("sales/daily/", "products/", "categories/", "activity/"):
            assert figures(staff, path, **old)["results"] == []
        assert figures(staff, "sales/summary/", **old)["current"]["total"] == "0.00"
        assert figures(staff, "cohorts/", **old)["cohorts"] == []

    def test_cohorts_keep_everybody_in_their_first_month(self, staff, customer, article):
        bought(customer, article)
        eventually(lambda: [day["orders"] for day in activity_of(staff, customer)], [1])
        for cohort in figures(staff, "cohorts/")["cohorts"]:
            assert cohort["months"][0]["month"] == 0
            assert cohort["months"][0]["retention"] == 1.0
            assert all(month["customers"] <= cohort["customers"] for month in cohort["months"])

    def test_segments_share_out_the_customers(self, staff):
        body = figures(staff, "segments/")
        assert body["count"] == len(body["results"])
        if body["results"]:
            assert sum(row["share"] for row in body["results"]) == pytest.approx(1, abs=0.01)


class TestReports:
    def made(self, staff, **wish):
        report = ok(staff.post("analytics/reports/", wish), 201)
        assert report["status"] in ("pending", "running", "done")

        def now():
            return figures(staff, f"reports/{report['id']}/")

        wait_until(lambda: now()["status"] in ("done", "failed"), timeout_s=WITHIN_S, every_s=0.2)
        assert now()["status"] == "done", now()["error"]
        return now()

    def download(self, staff, report, format):
        answer = staff.get(f"analytics/reports/{report['id']}/download/{format}/")
        assert answer.status_code == 200, answer.text[:500]
        assert len(answer.content) == next(f["size"] for f in report["files"] if f["format"] == format)
        assert report["kind"] in answer.headers["content-disposition"]
        return answer.content

    def test_csv_agrees_with_the_api(self, staff, customer, article):
        bought(customer, article, 2)
        eventually(lambda: (sales_of(staff, article) or {}).get("units"), 2)
        report = self.made(staff, kind="products", formats=["csv"])
        assert report["progress"] == 100
        lines = csv.DictReader(io.StringIO(self.download(staff, report, "csv").decode()))
        found = {each["sku"]: each for each in lines}
        assert (found[article["sku"]]["units"], found[article["sku"]]["revenue"]) == ("2", "25.00")
        assert len(found) == report["rows"]

    def test_a_workbook_with_a_chart(self, staff, customer, article):
        bought(customer, article)
        eventually(lambda: [day["orders"] for day in activity_of(staff, customer)], [1])
        report = self.made(staff, kind="sales", formats=["xlsx"])
        book = openpyxl.load_workbook(io.BytesIO(self.download(staff, report, "xlsx")))
        assert book.sheetnames == ["Data", "Chart"]
        assert len(book["Chart"]._charts) == 1
        head, *rows = book["Data"].iter_rows(values_only=True)
        assert len(rows) == report["rows"] >= 1
        total, net = (sum(Decimal(str(row[head.index(name)])) for row in rows) for name in ("Total", "Net"))
        assert total >= net

    def test_a_pdf(self, staff):
        report = self.made(staff, kind="categories", formats=["pdf"])
        assert self.download(staff, report, "pdf").startswith(b"%PDF-")
        refused(staff.get(f"analytics/reports/{report['id']}/download/csv/"), 404, "report_file_not_found")

    def test_every_kind_in_every_format(self, staff):
        for kind in ("sales", "products", "categories", "customers", "product_days"):
            report = self.made(staff, kind=kind)
            assert {file["format"] for file in report["files"]} == {"csv", "xlsx", "pdf"}

    def test_reports_are_listed_newest_first(self, staff):
        first, second = self.made(staff, formats=["csv"]), self.made(staff, formats=["csv"])
        listed = [report["id"] for report in figures(staff, "reports/", page_size=100)["results"]]
        assert listed.index(second["id"]) < listed.index(first["id"])

    def test_there_is_no_such_report(self, staff):
        not_found(staff.get(f"analytics/reports/{2**62}/"))
        not_found(staff.get(f"analytics/reports/{2**62}/download/csv/"))

    @pytest.mark.parametrize(
        ("wish", "field"), [({"kind": "all"}, "kind"), ({"formats": []}, "formats"), ({"start": "x"}, "start"),
                            ({"start": "2020-01-02", "end": "2020-01-01"}, "start"), ({"currency": "x"}, "currency")],
    )  # fmt: skip
    def test_bad_wishes_are_refused(self, staff, wish, field):
        refused_field(staff.post("analytics/reports/", wish), field)


def test_tomorrow_has_no_sales(staff):
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert figures(staff, "sales/daily/", start=tomorrow, end=tomorrow)["count"] == 0

"""Reports: made by a worker, whole or not at all, as files that programs can read and that nobody's name breaks."""

import csv
import io
import tracemalloc
from datetime import date, timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from apps.analytics.models import ReportChunk, ReportFile, SalesReport
from apps.analytics.reports import rows as report_rows
from apps.analytics.reports import xlsx_file
from apps.analytics.services import reports
from apps.analytics.services.backfill import analytics_backfill
from apps.analytics.services.pruning import reports_prune
from apps.analytics.services.report_requests import report_request
from apps.analytics.services.reports import report_make, reports_make_due
from tests.integration.analytics.test_api import MAY, history
from tests.support.analytics import imported_make
from tests.support.api import client_of
from tests.support.delivery import events_deliver
from tests.support.factories import user_make

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/analytics/reports/"
PERIOD = {"start": "2026-05-01", "end": "2026-05-31"}


@pytest.fixture
def boss():
    return client_of(user_make(is_superuser=True))


def asked(client, **body):
    answer = client.post(URL, {**PERIOD, **body}, format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


def made(client, **body):
    report = asked(client, **body)
    events_deliver()
    return client.get(f"{URL}{report['id']}/").json()


def download(client, report, format):
    answer = client.get(f"{URL}{report['id']}/download/{format}/", HTTP_ACCEPT="text/html")
    assert answer.status_code == 200, answer.content
    content = b"".join(answer.streaming_content)
    assert len(content) == int(answer["Content-Length"])
    return answer, content


def csv_of(client, report):
    return list(csv.DictReader(io.StringIO(download(client, report, "csv")[1].decode())))


def test_a_report_is_made_and_can_be_downloaded(boss):
    history(days=3)
    report = asked(boss, kind="products")
    assert (report["status"], report["progress"], report["files"]) == ("pending", 0, [])
    early = boss.get(f"{URL}{report['id']}/download/csv/")
    assert (early.status_code, early.json()["code"]) == (409, "report_not_ready")
    events_deliver(times=2)
    report = boss.get(f"{URL}{report['id']}/").json()
    assert (report["status"], report["progress"], report["rows"]) == ("done", 100, 2)
    assert [file["format"] for file in report["files"]] == ["csv", "pdf", "xlsx"]
    for file in report["files"]:
        answer, content = download(boss, report, file["format"])
        assert len(content) == file["size"]
        assert "attachment" in answer["Content-Disposition"]
        assert "2026-05-01" in answer["Content-Disposition"]
        assert file["url"].endswith(f"{URL}{report['id']}/download/{file['format']}/")
    assert [(row["sku"], row["revenue"]) for row in csv_of(boss, report)] == [("A", "19.80"), ("B", "4.50")]


@pytest.mark.parametrize(
    ("kind", "rows", "money"),
    [("sales", 3, "total"), ("products", 2, "revenue"), ("categories", 2, "revenue"), ("customers", 3, "total"),
     ("product_days", 6, "revenue")],
)  # fmt: skip
def test_every_kind_adds_up_in_every_format(boss, kind, rows, money):
    history(days=3)
    report = made(boss, kind=kind)
    assert report["status"] == "done", report["error"]
    lines = csv_of(boss, report)
    assert len(lines) == rows
    assert sum(Decimal(line[money]) for line in lines) == Decimal("24.30")
    book = openpyxl.load_workbook(io.BytesIO(download(boss, report, "xlsx")[1]))
    head, *body = book["Data"].iter_rows(values_only=True)
    column = head.index(money.capitalize())
    assert sum(Decimal(str(line[column])) for line in body) == Decimal("24.30")
    assert len(book["Chart"]._charts) == 1
    assert [row[1] for row in book["Chart"].iter_rows(min_row=2, values_only=True)] == [7.5, 8.1, 8.7]
    assert download(boss, report, "pdf")[1].startswith(b"%PDF-")


def test_a_report_of_nothing(boss):
    for kind in SalesReport.Kind.values:
        report = made(boss, kind=kind)
        assert (report["status"], report["rows"], len(report["files"])) == ("done", 0, 3)


def test_all_may_be_left_to_us(boss):
    report = boss.post(URL, {}, format="json").json()
    today = timezone.now().date()
    assert report["kind"] == "sales"
    assert (report["start"], report["end"]) == ((today - timedelta(days=29)).isoformat(), today.isoformat())
    assert report["formats"] == ["csv", "pdf", "xlsx"]


@pytest.mark.parametrize("name", ["=1+1", "+SUM(A1)", "-2", "@x", "\tx"])
def test_names_are_never_formulas(boss, name):
    order = imported_make(("Z", 1, 100), at=MAY)
    order.items.update(name=name)
    analytics_backfill(progress=lambda count: None)
    report = made(boss, kind="products")
    assert csv_of(boss, report)[0]["name"] == f"'{name}"
    sheet = openpyxl.load_workbook(io.BytesIO(download(boss, report, "xlsx")[1]))["Data"]
    assert (sheet["B2"].value, sheet["B2"].data_type) == (name, "s")


@pytest.mark.parametrize("name", ["<b>&amp;</para>", "Ünï — 茶碗", 'a,"b"\nc', "x" * 400, "bell\x07"])
def test_names_break_no_file(boss, name):
    order = imported_make(("Z", 1, 100), at=MAY)
    order.items.update(name=name)
    analytics_backfill(progress=lambda count: None)
    report = made(boss, kind="products")
    assert report["status"] == "done", report["error"]
    assert csv_of(boss, report)[0]["name"] == name
    openpyxl.load_workbook(io.BytesIO(download(boss, report, "xlsx")[1]))


def test_rows_beyond_a_sheet_go_to_the_next(boss, monkeypatch):
    monkeypatch.setattr(xlsx_file, "SHEET_ROWS", 4)
    monkeypatch.setattr(report_rows, "PAGE", 3)
    history(days=5)
    report = made(boss, kind="product_days", formats=["xlsx"])
    book = openpyxl.load_workbook(io.BytesIO(download(boss, report, "xlsx")[1]))
    assert book.sheetnames == ["Data", "Data 2", "Data 3", "Chart"]
    assert sum(book[name].max_row - 1 for name in book.sheetnames[:3]) == 10


def test_progress_is_told_while_it_runs(boss, monkeypatch):
    monkeypatch.setattr(report_rows, "PAGE", 2)
    history(days=4)
    seen = []
    renew = reports._renew

    def spy(report_id, attempt, *, progress):
        renew(report_id, attempt, progress=progress)
        seen.append(SalesReport.objects.get(pk=report_id).progress)

    monkeypatch.setattr(reports, "_renew", spy)
    assert made(boss, kind="product_days", formats=["csv"])["status"] == "done"
    assert seen == [25, 50, 75, 99]


def test_memory_does_not_grow_with_the_report(boss, monkeypatch):
    """Red when all rows are fetched at once: a page is 100 of the 6,000 rows here."""
    monkeypatch.setattr(report_rows, "PAGE", 100)
    lines = [(f"S{number:05}", 1, 100 + number) for number in range(6_000)]
    imported_make(*lines, at=MAY)
    analytics_backfill(progress=lambda count: None)

    def peak(limit):
        report = report_request(
            actor=user_make(), kind="product_days", start=date(2026, 5, 1), end=date(2026, 5, limit),
            currency="GBP", formats=["csv"],
        )  # fmt: skip
        tracemalloc.start()
        assert report_make(report_id=report.pk)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(1)
    assert peak(1) < 1_500_000


class TestWhenThingsGoWrong:
    @pytest.fixture
    def report(self):
        return report_request(
            actor=user_make(), kind="sales", start=date(2026, 5, 1), end=date(2026, 5, 2), currency="GBP",
            formats=["csv", "xlsx"],
        )  # fmt: skip

    def breaking(self, monkeypatch):
        def fail(rows, file, progress):
            file.write_text("half")
            raise OSError("disk full")

        monkeypatch.setitem(reports._WRITERS, "xlsx", fail)

    def test_it_is_tried_again_and_then_given_up(self, report, monkeypatch):
        with monkeypatch.context() as broken:
            self.breaking(broken)
            for status in ("pending", "pending", "failed"):
                assert not report_make(report_id=report.pk)
                report.refresh_from_db()
                assert report.status == status
        assert report.error == "OSError: disk full"
        assert not ReportFile.objects.exists()
        assert reports_make_due() == 0

    def test_the_second_try_succeeds(self, report, monkeypatch):
        with monkeypatch.context() as broken:
            self.breaking(broken)
            report_make(report_id=report.pk)
        assert reports_make_due() == 1
        report.refresh_from_db()
        assert (report.status, report.error, report.files.count()) == ("done", "", 2)

    def test_two_workers_make_it_once(self, report):
        assert report_make(report_id=report.pk)
        assert not report_make(report_id=report.pk)
        assert ReportFile.objects.count() == 2

    def test_a_dead_workers_report_is_taken_over(self, report):
        SalesReport.objects.update(
            status="running", attempts=1, lease_until=timezone.now() + timedelta(minutes=1)
        )
        assert reports_make_due() == 0
        SalesReport.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert reports_make_due() == 1

    def test_one_that_kills_its_workers_is_given_up(self, report):
        SalesReport.objects.update(
            status="running", attempts=3, lease_until=timezone.now() - timedelta(seconds=1)
        )
        assert reports_make_due() == 0
        report.refresh_from_db()
        assert (report.status, report.error) == ("failed", "Its worker died.")

    def test_who_has_lost_the_lease_leaves_no_files(self, report, monkeypatch):
        """Red without the check of the attempt: both would store their files."""

        def robbed(rows, file, progress):
            file.write_text("mine")
            SalesReport.objects.update(attempts=2, lease_until=timezone.now() + timedelta(minutes=5))

        monkeypatch.setitem(reports._WRITERS, "xlsx", robbed)
        assert not report_make(report_id=report.pk)
        report.refresh_from_db()
        assert (report.status, report.attempts, report.files.count()) == ("running", 2, 0)


def test_unknown_reports_and_formats(boss):
    for number in (1, 2**62, 2**70):
        answer = boss.get(f"{URL}{number}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "report_not_found")
        assert boss.get(f"{URL}{number}/download/csv/").status_code == 404
    report = made(boss, formats=["csv"])
    for format in ("pdf", "exe", "../csv"):
        assert boss.get(f"{URL}{report['id']}/download/{format}/").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "secrets"}, {"formats": []}, {"formats": ["exe"]}, {"formats": "csv"}, {"start": "x"},
        {"start": "2026-06-01"}, {"currency": "gbp"}, {"currency": 7}, {"start": "1990-01-01"}, {"kind": None},
    ],
)  # fmt: skip
def test_bad_wishes(boss, body):
    answer = boss.post(URL, {**PERIOD, **body}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert not SalesReport.objects.exists()


def test_seeing_is_not_asking():
    user = user_make(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_salesreport"))
    assert client_of(user).get(URL).status_code == 200
    assert client_of(user).post(URL, PERIOD, format="json").status_code == 403


def test_old_reports_are_forgotten(boss):
    old, new = made(boss, formats=["csv"]), made(boss, formats=["csv"])
    SalesReport.objects.filter(pk=old["id"]).update(created_at=timezone.now() - timedelta(days=31))
    assert reports_prune() == 1
    assert list(SalesReport.objects.values_list("pk", flat=True)) == [new["id"]]
    assert ReportChunk.objects.count() == 1

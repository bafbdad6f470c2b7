from collections import Counter

import pytest

from apps.products.imports.report import ImportReport


def test_the_sums_are_said():
    report = ImportReport(lines_read=12, lines_imported=10, products_created=7, products_unchanged=3)
    report.rejected.update({"bad_price": 2})
    assert report.text(rejects_path="r.csv").splitlines() == [
        "Lines read 12 = 10 imported + 2 rejected",
        "  rejected, bad_price: 2",
        "  each with its line number in r.csv",
        "Products: 7 created, 0 updated, 3 unchanged",
    ]


def test_sums_that_do_not_agree_are_never_reported():
    with pytest.raises(AssertionError, match="do not reconcile"):
        ImportReport(lines_read=12, lines_imported=10).text(rejects_path="r.csv")


def test_counters_survive_json():
    report = ImportReport(3, 2, 1, 1, 0, Counter({"bad_price": 1}))
    assert ImportReport.from_counters(report.counters()) == report
    assert ImportReport.from_counters({}) == ImportReport()

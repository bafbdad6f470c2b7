"""The public data sets themselves. Skipped where they are not."""

import re
import subprocess

import pytest
from django.db.models import Count, Sum

from apps.accounts.models import User
from apps.inventory.selectors import stock_drift_list
from apps.orders.models import Order, OrderItem
from apps.products.models import Product
from tests.support.peak_memory import PeakMemory

ONLINE_RETAIL, FLIPKART = "online_retail_II_2009_2010.csv.gz", "flipkart_sample_1050.csv.gz"
MAX_MIB = 300


@pytest.mark.django_db(transaction=True)
@pytest.mark.timeout(600)
def test_a_year_of_a_real_shop(real_data, start_command, tmp_path):
    file = real_data(ONLINE_RETAIL)
    process = start_command(
        "catalog_import", str(file), "--orders", "--rejects", str(tmp_path / "rejects.csv")
    )
    peak = PeakMemory(process.pid)
    peak.start()
    report, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "Lines read 525,461 = 520,657 imported + 4,804 rejected" in report
    assert "rejected, no_price: 3,662" in report
    assert "rejected, not_an_article: 1,142" in report
    assert len((tmp_path / "rejects.csv").read_text().splitlines()) == 1 + 4_804
    assert "4,095 created" in report
    assert "Orders: 24,901 created, 0 unchanged" in report
    peak.join()
    assert 0 < peak.mib <= MAX_MIB
    check_articles()
    check_orders()
    check_analytics(start_command)


def check_analytics(start_command) -> None:
    """Counting a year takes little memory, is right to the cent, and changes nothing when it is done again."""
    process = start_command("analytics_backfill")
    peak = PeakMemory(process.pid)
    peak.start()
    report, errors = process.communicate()
    assert process.returncode == 0, errors
    peak.join()
    assert 0 < peak.mib <= MAX_MIB
    assert not report.startswith("0 differences")
    proof, errors = start_command("analytics_reconcile").communicate()
    assert "24,901 orders of 9752058.76, counted 24,901 of 9752058.76" in proof, errors
    assert "Analytics equal the orders." in proof
    again, errors = start_command("analytics_backfill").communicate()
    assert again.startswith("0 differences"), errors


def check_articles() -> None:
    shown = Product.objects.filter(is_active=True)
    assert shown.count() == 4_081
    assert not [sku for sku in shown.values_list("sku", flat=True) if not re.match(r"\d{5}|DCGS|SP1002", sku)]
    holder = Product.objects.get(sku="85123A")
    assert holder.name == "WHITE HANGING HEART T-LIGHT HOLDER"
    assert holder.price_minor == 295
    assert not shown.filter(name__contains="?").exists()
    assert shown.filter(category__name="Gifts & More").count() < 200
    assert not stock_drift_list()


def check_orders() -> None:
    """Sums that were worked out from the file by other means."""
    items = OrderItem.objects.aggregate(
        lines=Count("pk"), units=Sum("quantity"), minor=Sum("line_total_minor")
    )
    assert items == {"lines": 518_827, "units": 5_615_694, "minor": 959_095_273}
    assert Order.objects.filter(status="cancelled").count() == 4_243
    assert not OrderItem.objects.filter(product=None).exists()
    assert (
        User.objects.filter(email__endswith="@import.invalid").count()
        == Order.objects.aggregate(users=Count("user", distinct=True))["users"]
    )


@pytest.mark.django_db
def test_a_sample_of_another_real_shop(real_data, catalog_import, rejected):
    file = real_data(FLIPKART)
    report = catalog_import(file)
    assert "Lines read 1,050 = 1,049 imported + 1 rejected" in report
    assert rejected() == [(4, "no_price")]
    watch = Product.objects.filter(category__name__icontains="watch").first()
    assert watch is not None
    assert watch.currency == "INR"
    assert watch.attributes
    assert "1,049 unchanged" in catalog_import(file)


def test_the_command_explains_itself(start_command):
    for name in ("catalog_import", "demo_catalog"):
        process: subprocess.Popen[str] = start_command(name, "--help")
        text, _ = process.communicate()
        assert process.returncode == 0
        assert "examples:" in text

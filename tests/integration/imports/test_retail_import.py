from datetime import UTC, datetime

import pytest

from apps.accounts.models import User
from apps.inventory.models import StockMovement
from apps.orders.models import Order, OrderEvent, OrderItem
from apps.products.models import Product

pytestmark = pytest.mark.django_db

HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
LINES = """
489434,85048,GLASS BALL LIGHTS,12,2009-12-01 07:45:00,6.95,13085,United Kingdom
489434,79323p,PINK CHERRY LIGHTS,2,2009-12-01 07:45:00,6.75,13085,United Kingdom
489435,22041,RECORD FRAME,1,2009-12-01 08:00:00,2.10,,EIRE
489434,22041,RECORD FRAME,48,2009-12-01 07:46:00,2.10,13085,United Kingdom
489436,85048,GLASS BALL LIGHTS,1,2009-12-02 09:00:00,6.95,13086,Unspecified
489436,85048,GLASS BALL LIGHTS,1,2009-12-02 09:00:00,6.95,13086,Unspecified
489436,POST,POSTAGE,2,2009-12-02 09:00:00,18.00,13086,Unspecified
489436,D,Discount,-1,2009-12-02 09:00:00,5.00,13086,Unspecified
C489437,22041,RECORD FRAME,-3,2009-12-03 09:00:00,2.10,13085,United Kingdom
C489437,15030,FAN BLACK FRAME,-6,2009-12-03 09:00:00,0.85,13085,United Kingdom
489438,22041,damaged?,-20,2009-12-04 09:00:00,0,,United Kingdom
489439,M,Manual,1,2009-12-04 09:00:00,100,,United Kingdom
A489440,B,Adjust bad debt,1,2009-12-04 09:00:00,-50.5,,United Kingdom
489441,POST,POSTAGE,1,2009-12-05 09:00:00,18.00,13087,France
""".strip().splitlines()


@pytest.fixture
def retail(tmp_path):
    path = tmp_path / "retail.csv"
    path.write_text("\n".join([HEADER, *LINES]) + "\n")
    return path


def test_articles_without_orders(catalog_import, retail, rejected):
    report = catalog_import(retail, stock=40)
    assert "Lines read 14 = 8 imported + 6 rejected" in report
    assert "4 created, 0 updated, 0 unchanged" in report
    reasons = [reason for _, reason in rejected()]
    assert sorted(reasons) == ["no_price"] + ["not_an_article"] * 5
    shown = Product.objects.filter(is_active=True).order_by("sku")
    assert list(shown.values_list("sku", "price_minor", "currency", "stock_item__on_hand")) == [
        ("22041", 210, "GBP", 40),
        ("79323P", 675, "GBP", 40),
        ("85048", 695, "GBP", 40),
    ]
    assert Product.objects.get(is_active=False).sku == "15030", "it only ever came back"
    assert Product.objects.get(sku="22041").name == "RECORD FRAME"
    assert Product.objects.get(sku="22041").created_at == datetime(2009, 12, 1, 7, 46, tzinfo=UTC)
    assert not Order.objects.exists()
    assert not User.objects.exists()


def test_orders(catalog_import, retail, rejected):
    report = catalog_import(retail, orders=True)
    assert "Lines read 14 = 11 imported + 3 rejected" in report
    assert rejected() == [(12, "no_price"), (13, "not_an_article"), (14, "not_an_article")]
    assert "Orders: 5 created, 0 unchanged" in report
    assert "Order lines: 11 = 11 added + 0 unchanged" in report
    order = Order.objects.select_related("user").get(import_reference="489434")
    assert (order.status, order.payment_status, order.currency) == ("delivered", "paid", "GBP")
    assert order.created_at == datetime(2009, 12, 1, 7, 45, tzinfo=UTC)
    assert order.shipping_address == {"country": "GB"}
    assert [(item.sku, item.quantity, item.unit_price_minor) for item in order.items.all()] == [
        ("85048", 12, 695),
        ("79323P", 2, 675),
        ("22041", 48, 210),
    ], "an invoice is all its lines, wherever they stand"
    assert order.total_minor == order.subtotal_minor == 12 * 695 + 2 * 675 + 48 * 210
    assert all(item.product_id for item in OrderItem.objects.all())
    assert len({order.number for order in Order.objects.all()}) == 5
    assert OrderEvent.objects.filter(type="imported").count() == 5


def test_postage_and_discounts_are_amounts_of_their_order(catalog_import, retail):
    catalog_import(retail, orders=True)
    order = Order.objects.get(import_reference="489436")
    assert (order.subtotal_minor, order.shipping_minor, order.discount_minor) == (1390, 3600, 500)
    assert (order.total_minor, order.items.count()) == (1390 + 3600 - 500, 2), "repeated lines are both kept"
    assert order.shipping_address == {}
    only_postage = Order.objects.get(import_reference="489441")
    assert (only_postage.total_minor, only_postage.items.count()) == (1800, 0)
    assert only_postage.shipping_address == {"country": "FR"}


def test_cancellations_are_orders_with_negative_quantities(catalog_import, retail):
    catalog_import(retail, orders=True)
    order = Order.objects.get(import_reference="C489437")
    assert (order.status, order.payment_status, order.total_minor) == (
        "cancelled",
        "refunded",
        -3 * 210 - 6 * 85,
    )
    assert {item.quantity for item in order.items.all()} == {-3, -6}


def test_customers(catalog_import, retail):
    catalog_import(retail, orders=True)
    users = User.objects.order_by("email")
    assert [user.email for user in users] == [
        f"customer-{number}@import.invalid" for number in (13085, 13086, 13087)
    ]
    assert not any(user.has_usable_password() for user in users)
    assert users[0].date_joined == datetime(2009, 12, 1, 7, 45, tzinfo=UTC)
    assert users[0].orders.count() == 2
    anonymous = Order.objects.get(import_reference="489435")
    assert anonymous.user is None
    assert anonymous.shipping_address == {"country": "IE"}


def test_history_moves_no_stock(catalog_import, retail):
    catalog_import(retail, orders=True)
    assert set(StockMovement.objects.values_list("kind", flat=True)) == {"receipt"}


@pytest.mark.parametrize("orders", [False, True])
def test_the_same_file_again_changes_nothing(catalog_import, retail, counts, orders):
    first = catalog_import(retail, orders=orders)
    before = counts()
    report = catalog_import(retail, orders=orders)
    assert counts() == before
    assert "0 created, 0 updated, 4 unchanged" in report
    assert report.splitlines()[1] == first.splitlines()[1]
    if orders:
        assert "Orders: 0 created, 5 unchanged" in report
        assert "Order lines: 11 = 0 added + 11 unchanged" in report


def test_orders_can_follow_later(catalog_import, retail):
    catalog_import(retail)
    assert "0 created, 0 updated, 4 unchanged" in catalog_import(retail, orders=True)
    assert Order.objects.count() == 5


def test_a_dry_run_tells_and_writes_nothing(catalog_import, retail, counts):
    before = counts()
    report = catalog_import(retail, orders=True, dry_run=True)
    assert "4 created" in report
    assert "Orders: 5 created, 0 unchanged" in report
    assert counts() == before
    assert "Orders: 5 created" in catalog_import(retail, orders=True)


def test_an_article_whose_code_is_taken_does_not_stop_the_others(catalog_import, retail):
    from tests.support.factories import product_make, variant_make

    variant = variant_make(product=product_make(stock=None))
    type(variant).objects.filter(pk=variant.pk).update(sku="85048")
    report = catalog_import(retail, orders=True)
    assert "Products refused: 1 (85048 is a variant of another product)" in report
    assert OrderItem.objects.filter(sku="85048", product=None).count() == 3

from datetime import UTC, datetime

import pytest

from apps.products.imports.errors import Unusable
from apps.products.imports.retail.articles import ArticleLedger
from apps.products.imports.retail.lines import LineKind, RetailLine, RetailReader
from apps.products.imports.retail.rules import (
    OTHER_CATEGORY,
    attributes_from,
    category_from,
    is_article,
    tags_from,
)
from apps.products.imports.source import Source

HEADER = '"Invoice","StockCode","Description","Quantity","InvoiceDate","Price","Customer ID","Country"\n'
SALE = '"489434","85048","15CM CHRISTMAS GLASS BALL",12,"2009-12-01 07:45:00",6.95,13085,"United Kingdom"'


def read(tmp_path, row=SALE, *, with_orders=True):
    path = tmp_path / "retail.csv"
    path.write_text(HEADER + row + "\n")
    source = Source(path)
    return RetailReader(source, currency="GBP", with_orders=with_orders).line(next(source.records()))


def test_a_sale(tmp_path):
    line = read(tmp_path)
    assert (line.line, line.kind, line.invoice, line.code) == (2, LineKind.ITEM, "489434", "85048")
    assert (line.quantity, line.price_minor, line.customer, line.country) == (
        12,
        695,
        "13085",
        "United Kingdom",
    )
    assert line.placed_at == datetime(2009, 12, 1, 7, 45, tzinfo=UTC)
    assert line.is_sale


def test_codes_are_trimmed_and_in_upper_case(tmp_path):
    assert read(tmp_path, SALE.replace("85048", " 79323p ")).code == "79323P"
    assert read(tmp_path, SALE.replace("15CM", " *15CM")).description == "15CM CHRISTMAS GLASS BALL"
    assert read(tmp_path, SALE.replace("13085", "13085.0")).customer == "13085"
    assert read(tmp_path, SALE.replace("13085", "")).customer == ""


def test_a_return_is_kept_and_is_no_sale(tmp_path):
    line = read(tmp_path, SALE.replace(",12,", ",-12,").replace('"489434"', '"C489434"'))
    assert (line.quantity, line.is_sale) == (-12, False)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("POST", LineKind.SHIPPING),
        ("DOT", LineKind.SHIPPING),
        ("c2", LineKind.SHIPPING),
        ("D", LineKind.DISCOUNT),
    ],
)
def test_postage_and_discounts_belong_to_orders_only(tmp_path, code, kind):
    row = SALE.replace("85048", code)
    assert read(tmp_path, row).kind == kind
    with pytest.raises(Unusable, match="not_an_article"):
        read(tmp_path, row, with_orders=False)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("85048", "M", "not_an_article"),
        ("6.95", "0", "no_price"),
        ("6.95", "-5", "bad_price"),
        ("6.95", "0.001", "bad_price"),
        ("6.95", "", "bad_price"),
        (",12,", ",0,", "bad_quantity"),
        (",12,", ",1.5,", "bad_quantity"),
        (",12,", ",99999999999,", "bad_quantity"),
        ("2009-12-01 07:45:00", "yesterday", "bad_date"),
        ("13085", "13085;--", "bad_customer"),
        ('"489434"', '""', "bad_invoice"),
        ('"85048"', '""', "missing_sku"),
        ("15CM", "x" * 300, "too_long"),
    ],
)
def test_what_is_no_order_line_is_rejected_with_a_reason(tmp_path, old, new, reason):
    with pytest.raises(Unusable) as caught:
        read(tmp_path, SALE.replace(old, new))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "code",
    ["POST", "DOT", "M", "C2", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS", "ADJUST", "ADJUST2",
     "TEST001", "TEST002", "GIFT", "GIFT_0001_20"],
)  # fmt: skip
def test_codes_that_are_no_articles(code):
    assert not is_article(code)


@pytest.mark.parametrize("code", ["85048", "79323P", "15056BL", "DCGS0058", "DCGSSBOY", "SP1002", "22041"])
def test_codes_that_are_articles(code):
    assert is_article(code)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("15CM CHRISTMAS GLASS BALL 20 LIGHTS", ("Seasonal", "Christmas")),
        ("WHITE HANGING HEART T-LIGHT HOLDER", ("Home", "Candles & Fragrance")),
        ("JUMBO BAG RED RETROSPOT", ("Jewellery & Accessories", "Bags & Purses")),
        ("REGENCY CAKESTAND 3 TIER", ("Kitchen", "Baking & Cakes")),
        ("A THING", OTHER_CATEGORY),
        ("", OTHER_CATEGORY),
    ],
)
def test_categories_by_words(name, path):
    assert category_from(name) == path


def test_attributes_and_tags_by_words():
    assert attributes_from("RED METAL HEART IN BLUE BOX") == {"colour": "Red", "material": "Metal"}
    assert attributes_from("REDUCED PRICE") == {}
    assert tags_from("VINTAGE SPOTTY HEART, HEARTS") == ("Hearts", "Polka dot", "Vintage")


def sale(number=1, *, code="85048", name="GLASS BALL", quantity=1, price=695, day=1):
    moment = datetime(2009, 12, day, tzinfo=UTC)
    return RetailLine(number, LineKind.ITEM, f"I{number}", code, name, quantity, price, moment, "", "")


def articles_of(*lines):
    ledger = ArticleLedger()
    for line in lines:
        ledger.add(line)
    return list(ledger.articles(currency="GBP", stock=100))


def test_an_article_is_named_and_priced_as_it_was_mostly_sold():
    (article,) = articles_of(
        sale(1, name="damaged?", price=100, day=5),
        sale(2, name="damaged?", price=100),
        sale(3, name="damaged?", price=695),
        sale(4, name="GLASS BALL", price=695),
        sale(5, name="GLASS BALL", price=1_000),
        sale(6, name="GLASS BAUBLE", price=695),
    )
    assert article.name == "GLASS BALL"
    assert article.description == "Also sold as GLASS BAUBLE, damaged?."
    assert article.price_minor == 695
    assert article.created_at == datetime(2009, 12, 1, tzinfo=UTC)
    assert (article.line, article.stock, article.is_active) == (1, 100, True)


def test_on_a_tie_the_higher_price_stands():
    (article,) = articles_of(sale(1, price=250), sale(2, price=500))
    assert article.price_minor == 500


def test_returns_say_nothing_about_what_was_sold():
    (article,) = articles_of(
        sale(1, quantity=-5, price=1, name="RETURNED"),
        sale(2, price=695),
        sale(3, quantity=-5, price=1, name="RETURNED"),
    )
    assert (article.name, article.price_minor, article.is_active) == ("GLASS BALL", 695, True)


def test_what_only_came_back_is_kept_out_of_the_shop():
    (article,) = articles_of(sale(1, quantity=-1))
    assert (article.name, article.is_active, article.stock) == ("GLASS BALL", False, 0)


def test_postage_is_no_article():
    line = sale(1, code="POST")
    line.kind = LineKind.SHIPPING
    assert articles_of(line) == []


def test_an_article_that_nobody_described_is_called_by_its_code():
    (article,) = articles_of(sale(1, name=""))
    assert article.name == "85048"

import pytest
from django.core.management import CommandError

from apps.core.response_cache import CATALOGUE
from apps.inventory.models import StockItem, StockMovement
from apps.inventory.selectors import stock_drift_list
from apps.inventory.services import stock_move
from apps.products.imports import upsert
from apps.products.models import CatalogImport, Category, PriceHistory, Product, ProductVariant
from tests.support.factories import product_make, variant_make

pytestmark = pytest.mark.django_db

FULL = "sku,name,description,brand,category,tags,price,currency,stock,attributes"
LAMP = 'A-1,Brass lamp,Warm light,Lumio,Home > Lighting,"brass,gift",12.50,GBP,3,"{""colour"": ""Gold""}"'
SHIRT = {
    "sku": "T", "name": "T-shirt", "price": "20.00", "category": "Clothing",
    "variants": [
        {"sku": "T-S", "name": "S", "attributes": {"size": "S"}, "stock": 4},
        {"sku": "T-L", "name": "L", "price": "22.50", "stock": 0},
    ],
}  # fmt: skip


def history():
    return list(
        PriceHistory.objects.order_by("pk").values_list("product__sku", "variant__sku", "price_minor")
    )


def test_a_line_becomes_a_product_that_can_be_found_and_sold(catalog_import, own_csv):
    report = catalog_import(own_csv(LAMP, header=FULL))
    assert "Lines read 1 = 1 imported + 0 rejected" in report
    assert "1 created, 0 updated, 0 unchanged" in report
    product = Product.objects.select_related("category", "stock_item").get()
    assert (product.sku, product.name, product.slug) == ("A-1", "Brass lamp", "brass-lamp-a-1")
    assert (product.description, product.brand, product.currency) == ("Warm light", "Lumio", "GBP")
    assert (product.price_minor, product.is_active, product.attributes) == (1250, True, {"colour": "Gold"})
    assert product.category.name == "Lighting"
    assert list(Category.objects.order_by("path").values_list("name", "depth")) == [
        ("Home", 1),
        ("Lighting", 2),
    ]
    assert set(product.tags.values_list("name", flat=True)) == {"brass", "gift"}
    assert product.search_extra == "Home Lighting brass gift"
    assert product.stock_item.sku == "A-1"
    assert product.stock_item.on_hand == 3
    assert history() == [("A-1", None, 1250)]
    assert Product.objects.filter(search_vector="light").exists()
    assert not stock_drift_list()


def test_the_same_file_again_changes_nothing(catalog_import, own_csv, own_jsonl, counts, import_events):
    files = [own_csv(LAMP, "A-2,Vase,,,,,5,,,", header=FULL), own_jsonl(SHIRT)]
    for file in files:
        catalog_import(file)
    before, stamps = counts(), list(Product.objects.order_by("pk").values_list("updated_at", flat=True))
    for file in files:
        report = catalog_import(file)
        assert "0 created, 0 updated" in report
    assert counts() == before
    assert list(Product.objects.order_by("pk").values_list("updated_at", flat=True)) == stamps
    assert [payload["created"] for payload in import_events()] == [2, 1]


def test_a_changed_line_changes_its_product_only(catalog_import, own_csv):
    catalog_import(own_csv(LAMP, "A-2,Vase,,,,,5,,,", header=FULL))
    slug = Product.objects.get(sku="A-1").slug
    other = Product.objects.get(sku="A-2").updated_at
    changed = 'A-1,Copper lamp,,Hearth,Garden,copper,13,GBP,99,"{""colour"": ""Copper""}"'
    report = catalog_import(own_csv(changed, "A-2,Vase,,,,,5,,,", header=FULL))
    assert "0 created, 1 updated, 1 unchanged" in report
    product = Product.objects.select_related("category", "stock_item").get(sku="A-1")
    assert (product.name, product.description, product.brand) == ("Copper lamp", "", "Hearth")
    assert (product.price_minor, product.category.name, product.slug) == (1300, "Garden", slug)
    assert list(product.tags.values_list("name", flat=True)) == ["copper"]
    assert product.search_extra == "Garden copper"
    assert product.stock_item.on_hand == 3, "the shelf is the shop's business once the product is there"
    assert history() == [("A-1", None, 1250), ("A-2", None, 500), ("A-1", None, 1300)]
    assert Product.objects.get(sku="A-2").updated_at == other


def test_columns_that_are_absent_leave_what_is_there(catalog_import, own_csv):
    catalog_import(own_csv(LAMP, header=FULL))
    catalog_import(own_csv("A-1,Brass lamp,11.00"))
    product = Product.objects.select_related("category").get()
    assert (product.price_minor, product.description, product.brand) == (1100, "Warm light", "Lumio")
    assert (product.category.name, product.tags.count()) == ("Lighting", 2)
    assert product.search_extra == "Home Lighting brass gift"


def test_what_staff_decided_stays(catalog_import, own_csv):
    catalog_import(own_csv("A-1,Lamp,1"))
    product = Product.objects.get()
    Product.objects.update(is_active=False, rating=4.5, slug="my-own-slug")
    stock_move(stock_item_id=product.stock_item_id, quantity=-40, kind=StockMovement.Kind.SALE)
    catalog_import(own_csv("A-1,Lamp,2"))
    product = Product.objects.select_related("stock_item").get()
    assert (product.is_active, product.rating, product.slug) == (False, 4.5, "my-own-slug")
    assert (product.price_minor, product.stock_item.on_hand) == (200, 60)


def test_variants(catalog_import, own_jsonl):
    catalog_import(own_jsonl(SHIRT))
    product = Product.objects.get()
    assert product.stock_item_id is None
    rows = product.variants.order_by("sku").values_list(
        "sku", "price_minor", "stock_item__on_hand", "attributes"
    )
    assert list(rows) == [("T-L", 2250, 0, {}), ("T-S", None, 4, {"size": "S"})]
    assert history() == [("T", None, 2000), ("T", "T-L", 2250)]
    assert not stock_drift_list()


def test_variants_change_are_added_and_retired(catalog_import, own_jsonl):
    catalog_import(own_jsonl(SHIRT))
    small = {"sku": "T-S", "name": "Small", "price": "19.00"}
    report = catalog_import(own_jsonl(SHIRT | {"variants": [small, {"sku": "T-M", "name": "M", "stock": 9}]}))
    assert "0 created, 1 updated" in report
    rows = ProductVariant.objects.order_by("sku").values_list("sku", "name", "price_minor", "is_active")
    assert list(rows) == [
        ("T-L", "L", 2250, False),
        ("T-M", "M", None, True),
        ("T-S", "Small", 1900, True),
    ]
    assert StockItem.objects.get(sku="T-S").on_hand == 4
    assert ("T", "T-S", 1900) in history()
    assert "1 updated" in catalog_import(own_jsonl(SHIRT)), "and back"
    assert ProductVariant.objects.get(sku="T-L").is_active


def test_codes_that_mean_something_else_in_the_shop_are_rejected(catalog_import, own_jsonl, rejected):
    old = product_make(stock=None, sku="OLD")
    variant, other = variant_make(product=old), variant_make(product=old)
    product_make(sku="PLAIN")
    product_make(sku="SIMPLE")
    report = catalog_import(
        own_jsonl(
            {"sku": variant.sku, "name": "a variant's code", "price": "1"},
            {"sku": "N", "name": "x", "price": "1", "variants": [{"sku": other.sku, "name": "taken"}]},
            {
                "sku": "M",
                "name": "x",
                "price": "1",
                "variants": [{"sku": "PLAIN", "name": "a product's code"}],
            },
            {"sku": "SIMPLE", "name": "x", "price": "1", "variants": [{"sku": "S-1", "name": "suddenly"}]},
            {"sku": "OLD", "name": "x", "price": "1", "variants": []},
            {"sku": "NEW", "name": "fine", "price": "1"},
        )
    )
    assert "Lines read 6 = 1 imported + 5 rejected" in report
    taken, conflict = "sku_taken", "variants_conflict"
    assert rejected() == [(1, taken), (2, taken), (3, taken), (4, conflict), (5, conflict)]
    assert Product.objects.filter(sku__in=["N", "M"]).count() == 0


def test_every_line_is_accounted_for(catalog_import, own_csv, rejected):
    rows = ["A,Lamp,1", "B,,1", "C,Vase,free", "A,Lamp again,2", "D,Bowl,3,4", "", "E,Cup,5"]
    report = catalog_import(own_csv(*rows), batch_size=2)
    assert "Lines read 6 = 2 imported + 4 rejected" in report
    assert "rejected, bad_price: 1" in report
    assert rejected() == [
        (3, "missing_name"),
        (4, "bad_price"),
        (5, "duplicate_sku"),
        (6, "wrong_number_of_columns"),
    ]
    assert set(Product.objects.values_list("sku", "name")) == {("A", "Lamp"), ("E", "Cup")}


def test_names_that_slug_alike_get_slugs_of_their_own(catalog_import, own_csv):
    product_make(slug="lamp-a-1")
    catalog_import(own_csv("A-1,Lamp,1", "A.1,Lamp,1", "A_1,Lamp,1", "123,,1", "7,8,1"))
    slugs = list(Product.objects.values_list("slug", flat=True))
    assert len(slugs) == len(set(slugs)) == 5
    assert not any(slug.isdigit() for slug in slugs)
    catalog_import(own_csv("A_1,Lamp,2"))
    assert set(Product.objects.values_list("slug", flat=True)) == set(slugs)


def test_a_dry_run_tells_and_writes_nothing(catalog_import, own_csv, counts, rejected, import_events):
    catalog_import(own_csv("A,Lamp,1"))
    before = counts()
    file = own_csv(*["A,Copper lamp,1", "B,Vase,2", "C,,3"], *[f"N{number},Cup,1" for number in range(50)])
    report = catalog_import(file, dry_run=True, batch_size=10)
    assert "dry run" in report
    assert "Lines read 53 = 52 imported + 1 rejected" in report
    assert "51 created, 1 updated, 0 unchanged" in report
    assert rejected() == [(4, "missing_name")]
    assert counts() == before
    assert len(import_events()) == 1
    assert "51 created" in catalog_import(file), "the rehearsal was right"


def test_categories_are_found_again_whatever_their_case(catalog_import, own_csv):
    header = "sku,name,price,category"
    catalog_import(
        own_csv("A,a,1,Home > Lamps", "B,b,1,home > LAMPS", "C,c,1,Garden > Lamps", "D,d,1,", header=header)
    )
    assert Category.objects.count() == 4
    assert set(Category.objects.values_list("slug", flat=True)) == {"home", "lamps", "garden", "garden-lamps"}
    assert Product.objects.get(sku="B").category == Product.objects.get(sku="A").category
    assert Product.objects.get(sku="D").category is None
    assert not Category.objects.find_problems()[0]


def test_texts_are_plain_and_not_markup(catalog_import, own_csv):
    header = "sku,name,price,brand,tags"
    catalog_import(
        own_csv('A,"Lamp <script>alert(1)</script>",1,"<i>Lumio</i>","<b>gift</b>"', header=header)
    )
    product = Product.objects.get()
    assert (product.name, product.brand) == ("Lamp", "Lumio")
    assert product.tags.get().name == "gift"


def test_the_shop_hears_of_it_once(catalog_import, own_csv, import_events, monkeypatch):
    stamps = []
    monkeypatch.setattr(upsert, "stamp_bump", stamps.append)
    catalog_import(own_csv(*[f"N{number},Cup,1" for number in range(30)]), batch_size=10)
    assert stamps == [CATALOGUE] * 3
    (payload,) = import_events()
    assert (payload["source"], payload["created"], payload["updated"]) == ("own.csv", 30, 0)


def test_where_an_import_stands_is_on_record(catalog_import, own_csv):
    catalog_import(own_csv("A,Lamp,1", "B,,1"))
    checkpoint = CatalogImport.objects.get()
    assert (checkpoint.source, checkpoint.format, checkpoint.status) == ("own.csv", "meshop-csv", "finished")
    assert (checkpoint.line, checkpoint.counters["rejected"]) == (2, {"missing_name": 1})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"batch_size": 0}, "--batch-size must be between"),
        ({"stock": -1}, "--stock must be between"),
        ({"currency": "XYZ"}, "--currency must be an ISO 4217 code"),
        ({"orders": True}, "--orders needs invoice lines"),
        ({"format": "flipkart"}, "looks like meshop"),
    ],
)
def test_options_that_make_no_sense_are_one_sentence(catalog_import, own_csv, options, sentence):
    with pytest.raises(CommandError) as caught:
        catalog_import(own_csv("A,Lamp,1"), **options)
    assert sentence in str(caught.value)
    assert not Product.objects.exists()


def test_the_rejects_never_overwrite_the_source(catalog_import, own_csv):
    file = own_csv("A,,1")
    with pytest.raises(CommandError, match="must not be the file"):
        catalog_import(file, rejects=file)
    assert file.read_text() == "sku,name,price\nA,,1\n"


def test_a_missing_file_is_one_sentence(catalog_import, tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        catalog_import(tmp_path / "absent.csv")


def test_prices_in_another_currency_than_the_shops_are_pointed_out(catalog_import, own_csv):
    assert "the shop sells in GBP" in catalog_import(own_csv("A,Lamp,1"), currency="EUR")
    assert Product.objects.get().currency == "EUR"

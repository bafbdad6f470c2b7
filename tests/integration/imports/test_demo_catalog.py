from io import StringIO

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from PIL import Image

from apps.inventory.models import StockItem
from apps.inventory.selectors import stock_drift_list
from apps.products.imports.demo import grow
from apps.products.models import Category, Product, ProductImage, ProductVariant
from tests.support.factories import product_make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def demo_catalog(**options) -> str:
    out = StringIO()
    call_command("demo_catalog", stdout=out, **options)
    return out.getvalue()


def snapshot():
    products = Product.objects.order_by("sku").values_list(
        "sku", "slug", "name", "description", "brand", "price_minor", "attributes", "search_extra", "created_at",
        "category__slug", "stock_item__on_hand", "images__file",
    )  # fmt: skip
    variants = ProductVariant.objects.order_by("sku").values_list(
        "sku", "name", "price_minor", "stock_item__on_hand"
    )
    tags = Product.tags.through.objects.order_by("product__sku", "tag__slug").values_list(
        "product__sku", "tag__slug"
    )
    return list(products), list(variants), list(tags)


def test_a_catalogue_with_everything_a_shop_shows():
    assert "300 products under seed 1, 300 created, 0 were there" in demo_catalog(products=300)
    assert Product.objects.count() == Product.objects.filter(is_active=True).count() == 300
    assert {category.depth for category in Category.objects.all()} == {1, 2, 3}
    assert set(Product.objects.values_list("category__depth", flat=True)) == {3}
    assert Product.objects.filter(tags=None).count() == 0
    assert ProductVariant.objects.count() > 20
    assert (
        Product.objects.filter(stock_item=None).count()
        == Product.objects.exclude(variants=None).distinct().count()
    )
    assert 0 < StockItem.objects.filter(on_hand=0).count() < 100
    assert not stock_drift_list()
    assert not Category.objects.find_problems()[0]


def test_lists_have_pictures():
    demo_catalog(products=50)
    assert ProductImage.objects.filter(is_primary=True).count() == 50
    for name in set(ProductImage.objects.values_list("file", flat=True)):
        with default_storage.open(name) as file, Image.open(file) as image:
            assert image.size == (480, 480)


def test_the_same_again_changes_nothing(counts):
    demo_catalog(products=120)
    before, rows = snapshot(), counts()
    assert "0 created, 120 were there" in demo_catalog(products=120)
    assert snapshot() == before
    assert counts() == rows


def test_more_adds_what_is_missing_and_is_what_it_would_have_been(monkeypatch):
    monkeypatch.setattr(grow, "BATCH", 32)
    demo_catalog(products=40)
    assert "60 created, 40 were there" in demo_catalog(products=100)
    grown = snapshot()
    Product.objects.all().delete()
    StockItem.objects.all().delete() if not StockItem.objects.filter(
        movements__isnull=False
    ).exists() else None
    demo_catalog(products=100)
    assert snapshot() == grown


def test_edits_survive():
    demo_catalog(products=10)
    Product.objects.filter(sku="DEMO-1-0000003").update(name="Our own name", price_minor=1)
    demo_catalog(products=12)
    assert Product.objects.get(sku="DEMO-1-0000003").name == "Our own name"


def test_another_seed_is_another_catalogue():
    demo_catalog(products=20)
    assert "20 created" in demo_catalog(products=20, seed=2)
    first = set(Product.objects.filter(sku__startswith="DEMO-1-").values_list("name", flat=True))
    second = set(Product.objects.filter(sku__startswith="DEMO-2-").values_list("name", flat=True))
    assert first.isdisjoint(second)


def test_clearing_leaves_what_is_not_demo():
    product_make(sku="OWN-1")
    demo_catalog(products=30)
    report = demo_catalog(products=0, clear=True)
    assert "Deleted 30 demo products" in report
    assert list(Product.objects.values_list("sku", flat=True)) == ["OWN-1"]
    demo_catalog(products=30)
    assert Product.objects.count() == 31
    assert not stock_drift_list()


def test_the_shop_hears_of_it_once(import_events):
    demo_catalog(products=30)
    demo_catalog(products=30)
    (payload,) = import_events()
    assert (payload["source"], payload["seed"], payload["created"]) == ("demo", 1, 30)


@pytest.mark.parametrize("options", [{"products": -1}, {"products": 1_000_001}, {"seed": -1}])
def test_numbers_that_make_no_sense_are_one_sentence(options):
    with pytest.raises(CommandError, match="must"):
        demo_catalog(**options)


def test_a_stopped_run_goes_on_and_the_shop_hears_of_it(monkeypatch, import_events):
    monkeypatch.setattr(grow, "BATCH", 10)
    real, calls = grow.articles_upsert, []

    def upsert(**arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(**arguments)

    with monkeypatch.context() as patch:
        patch.setattr(grow, "articles_upsert", upsert)
        with pytest.raises(CommandError, match="Interrupted"):
            demo_catalog(products=30)
    assert (Product.objects.count(), import_events()) == (20, [])
    assert "10 created, 20 were there" in demo_catalog(products=30)
    assert len(import_events()) == 1


def test_media_that_cannot_be_written_is_one_sentence(settings, tmp_path):
    (tmp_path / "media").write_text("a file, not a folder")
    with pytest.raises(CommandError, match="cannot be written"):
        demo_catalog(products=5)
    assert not Product.objects.exists()

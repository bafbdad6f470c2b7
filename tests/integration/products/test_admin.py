"""The admin writes through services, answers in few queries, and lists without counting everything."""

import io

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from apps.core.models import OutboxEvent
from apps.inventory.models import StockItem, StockMovement
from apps.products.models import Category, PriceHistory, Product, ProductImage, ProductReview, Tag
from apps.products.services.categories import category_create
from apps.products.services.products import product_create
from apps.products.services.reviews import review_create
from tests.support.factories import product_make, user_make, variant_make

pytestmark = pytest.mark.django_db
AT_THE_TOP = {"treebeard_position": "sorted-child", "treebeard_ref_node": ""}


@pytest.fixture
def admin():
    client = Client()
    client.force_login(user_make(is_staff=True, is_superuser=True))
    return client


def url(name, *args):
    return reverse(f"admin:products_{name}", args=args)


def form(**fields):
    """What the product page posts, with empty inlines."""
    management = {
        f"{prefix}-{name}": value
        for prefix in ("variants", "images")
        for name, value in (
            ("TOTAL_FORMS", 0),
            ("INITIAL_FORMS", 0),
            ("MIN_NUM_FORMS", 0),
            ("MAX_NUM_FORMS", 1000),
        )
    }
    product = {
        "sku": "KET-1", "name": "Kettle", "slug": "", "brand": "", "description": "", "price": "39.90",
        "attributes": "{}", "is_active": "on",
    }  # fmt: skip
    return management | product | fields


def saved(response):
    context = response.context_data if response.status_code == 200 else None
    assert response.status_code == 302, context and [context["errors"], context["adminform"].form.errors]
    return response


@pytest.mark.parametrize(
    "model",
    ["product", "category", "tag", "productreview", "reviewhelpful", "wishlist", "wishlistitem", "pricehistory",
     "productvariant", "productimage", "searchword", "catalogimport"],
)  # fmt: skip
def test_every_list_opens_and_searches(admin, model):
    product = product_create(
        data={
            "sku": "K",
            "name": "Kettle",
            "price_minor": 1,
            "tags": ["Tea"],
            "category_id": category_create(name="Home").pk,
        }
    )
    review_create(user=user_make(), product_id=product.pk, rating=5)
    for query in ({}, {"q": "kettle"}, {"q": "'\\"}):
        assert admin.get(url(f"{model}_changelist"), query).status_code == 200


def test_the_product_list_costs_the_same_for_any_number(admin):
    numbers = []
    for count in (2, 30):
        for _ in range(count):
            product_make(category=Category.objects.first() or category_create(name="Home"))
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(url("product_changelist")).status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]


def test_creating_writes_ledger_history_and_event(admin):
    tag, category = Tag.objects.create(name="Tea", slug="tea"), category_create(name="Home")
    saved(admin.post(url("product_add"), form(stock="3", tags=[tag.pk], category=category.pk)))
    product = Product.objects.get()
    assert (product.slug, product.price_minor, product.stock_item.available) == ("kettle", 3990, 3)
    assert (product.search_extra, list(product.tags.all())) == ("Home Tea", [tag])
    assert PriceHistory.objects.get().price_minor == 3990
    assert StockMovement.objects.get().quantity == 3
    assert OutboxEvent.objects.filter(type="product.created").count() == 1


def test_creating_with_variants(admin):
    rows = {
        "variants-TOTAL_FORMS": 1, "variants-0-sku": "K-S", "variants-0-name": "Small", "variants-0-stock": 2,
        "variants-0-attributes": '{"size": "S"}', "variants-0-price": "",
    }  # fmt: skip
    saved(admin.post(url("product_add"), form(**rows)))
    product = Product.objects.get()
    variant = product.variants.get()
    assert (product.stock_item, variant.stock_item.available, variant.attributes) == (None, 2, {"size": "S"})


def test_changing_price_and_stock_goes_through_services(admin):
    saved(admin.post(url("product_add"), form(stock="3")))
    product = Product.objects.get()
    path = url("product_change", product.pk)
    assert admin.get(path).status_code == 200
    saved(admin.post(path, form(slug="kettle", price="45.00", stock="7")))
    product.refresh_from_db()
    assert (product.price_minor, product.stock_item.available) == (4500, 7)
    assert list(PriceHistory.objects.order_by("id").values_list("price_minor", flat=True)) == [3990, 4500]
    assert list(StockMovement.objects.order_by("id").values_list("quantity", flat=True)) == [3, 4]
    saved(admin.post(path, form(slug="kettle", price="45.00", stock="7")))
    assert PriceHistory.objects.count() == StockMovement.objects.count() == 2


def test_changing_variants(admin):
    product = product_make(sku="KET-1", stock=None)
    kept, retired = variant_make(product=product, stock=1), variant_make(product=product, stock=1)
    rows = {"variants-TOTAL_FORMS": 3, "variants-INITIAL_FORMS": 2}
    for number, variant in enumerate((kept, retired)):
        rows |= {
            f"variants-{number}-id": variant.pk, f"variants-{number}-name": "New", f"variants-{number}-price": "4",
            f"variants-{number}-stock": 5, f"variants-{number}-attributes": "{}",
        }  # fmt: skip
    rows |= {
        "variants-1-DELETE": "on",
        "variants-2-sku": "M",
        "variants-2-name": "Medium",
        "variants-2-stock": 9,
    }
    rows |= {"variants-2-attributes": "{}"}
    saved(admin.post(url("product_change", product.pk), form(slug=product.slug, price="10.00", **rows)))
    shown = product.variants.filter(is_active=True).order_by("pk")
    assert [(v.name, v.price_minor, v.stock_item.available) for v in shown] == [
        ("New", 400, 5),
        ("Medium", None, 9),
    ]
    retired.refresh_from_db()
    assert not retired.is_active


def test_pictures_are_drawn_anew_and_described(admin, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    product = product_make(sku="KET-1")
    out = io.BytesIO()
    Image.new("RGB", (8, 6)).save(out, "PNG")
    rows = {
        "images-TOTAL_FORMS": 1, "images-0-alt": "Front",
        "images-0-upload": SimpleUploadedFile("evil.exe", out.getvalue()),
    }  # fmt: skip
    path = url("product_change", product.pk)
    saved(admin.post(path, form(slug=product.slug, price="10.00", **rows)))
    image = ProductImage.objects.get()
    assert (image.alt, image.is_primary, image.file.name.endswith(".png")) == ("Front", True, True)
    rows = {
        "images-TOTAL_FORMS": 1,
        "images-INITIAL_FORMS": 1,
        "images-0-id": image.pk,
        "images-0-alt": "Back",
    }
    saved(admin.post(path, form(slug=product.slug, price="10.00", **rows, **{"images-0-is_primary": "on"})))
    assert ProductImage.objects.get().alt == "Back"
    saved(admin.post(path, form(slug=product.slug, price="10.00", **rows, **{"images-0-DELETE": "on"})))
    assert not ProductImage.objects.exists()
    rows = {"images-TOTAL_FORMS": 1, "images-0-upload": SimpleUploadedFile("a.png", b"no picture")}
    response = admin.post(path, form(slug=product.slug, price="10.00", **rows), follow=True)
    assert b"Upload a JPEG" in response.content
    assert not ProductImage.objects.exists()


@pytest.mark.parametrize(
    "fields", [{"price": "-1"}, {"price": "1.005"}, {"price": ""}, {"stock": "-1"}, {"slug": "123"}, {"slug": "tags"},
               {"attributes": "[1]"}, {"attributes": '{"a": {}}'}, {"sku": ""}, {"name": ""}],
)  # fmt: skip
def test_bad_input_is_shown_and_nothing_written(admin, fields):
    assert admin.post(url("product_add"), form(**fields)).status_code == 200
    assert not Product.objects.exists()
    assert not StockItem.objects.exists()


def test_a_refusal_of_the_service_is_a_message(admin):
    product = product_make(sku="KET-1", stock=None)
    variant_make(product=product)
    response = admin.post(url("product_change", product.pk), form(slug=product.slug, stock="5"), follow=True)
    assert b"kept per variant" in response.content


def test_deleting_hides(admin):
    one, two = product_make(), product_make()
    saved(admin.post(url("product_delete", one.pk), {"post": "yes"}))
    body = {"action": "delete_selected", "_selected_action": [two.pk], "post": "yes"}
    saved(admin.post(url("product_changelist"), body))
    assert Product.objects.filter(is_active=False).count() == 2
    assert OutboxEvent.objects.filter(type="product.deleted").count() == 2


def test_category_renames_and_moves_reach_the_words_of_products(admin):
    home, garden = category_create(name="Home"), category_create(name="Garden")
    kitchen = category_create(name="Kitchen", parent_id=home.pk)
    product = product_create(data={"sku": "K", "name": "W", "price_minor": 1, "category_id": kitchen.pk})
    body = {
        "name": "House",
        "slug": "home",
        "description": "",
        "treebeard_position": "sorted-child",
        "treebeard_ref_node": "",
    }
    saved(admin.post(url("category_change", home.pk), body))
    product.refresh_from_db()
    assert product.search_extra == "House Kitchen"
    body |= {"name": "Kitchen", "slug": "kitchen", "treebeard_ref_node": garden.pk}
    saved(admin.post(url("category_change", kitchen.pk), body))
    product.refresh_from_db()
    assert product.search_extra == "Garden Kitchen"
    move = {"node": kitchen.pk, "target": home.pk, "relation": "child"}
    assert admin.post("/admin/products/category/move/", move).status_code == 200
    product.refresh_from_db()
    assert product.search_extra == "House Kitchen"
    saved(admin.post(url("category_delete", home.pk), {"post": "yes"}))
    product.refresh_from_db()
    assert (product.category_id, product.search_extra) == (None, "")


def test_adding_a_category(admin):
    body = {
        "name": "Tins",
        "slug": "tins",
        "description": "",
        "treebeard_position": "sorted-child",
        "treebeard_ref_node": "",
    }
    saved(admin.post(url("category_add"), body))
    assert Category.objects.get().depth == 1


def test_tag_renames_and_deletions_reach_the_words_of_products(admin):
    product = product_create(data={"sku": "K", "name": "W", "price_minor": 1, "tags": ["Tea", "Hot"]})
    tag = Tag.objects.get(name="Tea")
    saved(admin.post(url("tag_change", tag.pk), {"name": "Coffee", "slug": "coffee"}))
    product.refresh_from_db()
    assert product.search_extra == "Coffee Hot"
    saved(admin.post(url("tag_delete", tag.pk), {"post": "yes"}))
    product.refresh_from_db()
    assert product.search_extra == "Hot"


class TestReviews:
    @pytest.fixture
    def review(self):
        return review_create(
            user=user_make(), product_id=product_make().pk, rating=4, body="www.spam.example"
        )

    def rating(self, review):
        return Product.objects.get(pk=review.product_id).rating

    def test_approving_counts(self, admin, review):
        assert self.rating(review) == 0
        body = {"action": "approve", "_selected_action": [review.pk]}
        saved(admin.post(url("productreview_changelist"), body))
        assert self.rating(review) == 4
        saved(admin.post(url("productreview_change", review.pk), {"status": "rejected"}))
        assert self.rating(review) == 0

    def test_deleting_counts(self, admin, review):
        saved(admin.post(url("productreview_change", review.pk), {"status": "approved"}))
        saved(admin.post(url("productreview_delete", review.pk), {"post": "yes"}))
        assert self.rating(review) == 0
        assert not ProductReview.objects.exists()

    def test_moderating_takes_its_own_permission(self, review):
        user = user_make(is_staff=True)
        user.user_permissions.set(
            Permission.objects.filter(codename__in=["view_productreview", "change_productreview"])
        )
        client = Client()
        client.force_login(user)
        assert client.post(url("productreview_change", review.pk), {"status": "approved"}).status_code == 403

"""Categories and tags."""

import pytest

from apps.core.models import OutboxEvent
from apps.products.models import Category, Product
from apps.products.services.categories import category_create, category_delete
from apps.products.services.products import product_create, product_update
from tests.support.factories import product_make

pytestmark = pytest.mark.django_db
URL = "/api/products/categories/"


@pytest.fixture
def tree():
    home = category_create(name="Home")
    kitchen = category_create(name="Kitchen", parent_id=home.pk, description="Pots")
    kettles = category_create(name="Kettles", parent_id=kitchen.pk)
    garden = category_create(name="Garden")
    return home, kitchen, kettles, garden


def slugs(response):
    assert response.status_code == 200, response.content
    return [row["slug"] for row in response.json()["results"]]


def test_the_list_is_the_tree_in_order(tree, guest):
    assert slugs(guest.get(URL)) == ["garden", "home", "kitchen", "kettles"]
    assert slugs(guest.get(f"{URL}?parent=root")) == ["garden", "home"]
    assert slugs(guest.get(f"{URL}?parent=home")) == ["kitchen"]
    assert slugs(guest.get(f"{URL}?parent=garden")) == []
    for parent in ("nowhere", "%00", "x" * 200):
        assert "parent" in guest.get(f"{URL}?parent={parent}").json()["extra"]["fields"]


def test_rows_know_their_parent(tree, guest, django_assert_max_num_queries):
    home, kitchen, *_ = tree
    with django_assert_max_num_queries(3):
        rows = {row["slug"]: row for row in guest.get(URL).json()["results"]}
    assert rows["kitchen"] == {
        "id": kitchen.pk, "slug": "kitchen", "name": "Kitchen", "description": "Pots", "parent_id": home.pk,
        "depth": 2, "has_children": True,
    }  # fmt: skip
    assert rows["garden"]["parent_id"] is None


def test_by_cursor(tree, guest):
    body = guest.get(f"{URL}?cursor=&page_size=3").json()
    assert [row["slug"] for row in body["results"]] == ["garden", "home", "kitchen"]
    assert slugs(guest.get(body["next"])) == ["kettles"]


def test_detail_shows_what_is_around(tree, guest):
    home, kitchen, kettles, _ = tree
    product_make(category=kettles)
    product_make(category=home)
    product_make(category=kettles, is_active=False)
    body = guest.get(f"{URL}kitchen/").json()
    assert body == guest.get(f"{URL}{kitchen.pk}/").json()
    assert [node["slug"] for node in body["ancestors"]] == ["home"]
    assert [node["slug"] for node in body["children"]] == ["kettles"]
    assert (body["product_count"], body["parent_id"]) == (1, home.pk)
    assert guest.get(f"{URL}{home.pk}/").json()["product_count"] == 2


@pytest.mark.parametrize("key", ["0", "-1", "nowhere", "1.5", str(2**63), "%00", "²"])
def test_unknown_categories(guest, key):
    response = guest.get(f"{URL}{key}/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_staff_add(tree, staff):
    home, *_ = tree
    response = staff.post(URL, {"name": "<b>Baking</b>", "parent_id": home.pk, "description": "Tins"})
    body = response.json()
    assert (response.status_code, body["name"], body["slug"], body["depth"]) == (201, "Baking", "baking", 2)
    assert OutboxEvent.objects.last().payload == {
        "category_id": body["id"],
        "slug": "baking",
        "parent_id": home.pk,
    }


def test_equal_names_and_digits_get_their_own_slugs(staff):
    made = [staff.post(URL, {"name": name}).json()["slug"] for name in ("Tins", "Tins", "2024", "茶")]
    assert made[0] == "tins"
    assert made[1].startswith("tins-")
    assert made[2:] == ["p-2024", "category"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None), ("name", ""), ("name", ["x"]), ("name", 5), ("name", "x" * 121), ("name", "<b></b>"),
        ("parent_id", "top"), ("parent_id", 1.5), ("parent_id", True), ("parent_id", 0),
        ("description", []), ("description", "x" * 5001),
    ],
)  # fmt: skip
def test_bad_fields_are_named(staff, field, value):
    response = staff.post(URL, {"name": "Tins"} | {field: value})
    assert response.status_code == 400, response.content
    assert list(response.json()["extra"]["fields"]) == [field]
    assert not Category.objects.exists()


def test_unknown_parent(staff):
    response = staff.post(URL, {"name": "Tins", "parent_id": 2**62})
    assert (response.status_code, response.json()["code"]) == (404, "category_not_found")


def test_deleting_keeps_the_products(tree, guest):
    _, kitchen, kettles, _ = tree
    product = product_create(
        data={"sku": "K", "name": "Whistler", "price_minor": 1, "category_id": kettles.pk, "tags": ["Tea"]}
    )
    category_delete(category_ids=[kitchen.pk])
    assert slugs(guest.get(URL)) == ["garden", "home"]
    product.refresh_from_db()
    assert (product.category_id, product.search_extra) == (None, "Tea")


def test_moving_a_product_changes_its_words(tree):
    home, _, kettles, garden = tree
    product = product_create(data={"sku": "K", "name": "W", "price_minor": 1, "category_id": kettles.pk})
    assert Product.objects.get().search_extra == "Home Kitchen Kettles"
    product_update(product_id=product.pk, data={"category_id": garden.pk, "tags": ["Tea", "Hot"]})
    assert Product.objects.get().search_extra == "Garden Hot Tea"
    product_update(product_id=product.pk, data={"category_id": None, "tags": []})
    assert Product.objects.get().search_extra == ""
    assert home.pk


def test_tags_are_listed_by_name(guest):
    for number, tags in enumerate((["Tea", "Gift"], ["Hot", "Gift"])):
        product_create(data={"sku": f"K{number}", "name": "W", "price_minor": 1, "tags": tags})
    body = guest.get("/api/products/tags/?page_size=2").json()
    assert [tag["name"] for tag in body["results"]] == ["Gift", "Hot"]
    assert set(body["results"][0]) == {"id", "slug", "name"}
    assert [tag["slug"] for tag in guest.get(body["next"]).json()["results"]] == ["tea"]

"""``GET products/{id or slug}/``."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.products.models import ProductImage, Tag
from apps.products.services.categories import category_create
from tests.support.factories import product_make, variant_make

pytestmark = pytest.mark.django_db


def test_by_id_and_by_slug(guest):
    product = product_make(slug="copper-kettle")
    by_id, by_slug = guest.get(f"/api/products/{product.pk}/"), guest.get("/api/products/copper-kettle/")
    assert by_id.status_code == by_slug.status_code == 200
    assert by_id.content == by_slug.content
    assert by_id.json()["id"] == product.pk


def test_takes_few_queries_however_much_is_on_it(guest):
    product = product_make(stock=None, category=category_create(name="Kitchen"))
    for number in range(30):
        variant_make(product=product)
        ProductImage.objects.create(product=product, file=f"{number}.png", width=1, height=1)
        product.tags.add(Tag.objects.create(name=f"T{number}", slug=f"t{number}"))
    for key in (product.pk, product.slug):
        with CaptureQueriesContext(connection) as queries:
            body = guest.get(f"/api/products/{key}/").json()
        assert [len(body[name]) for name in ("variants", "images", "tags")] == [30, 30, 30]
        assert len(queries) <= 8


def test_pictures_come_primary_first(guest):
    product = product_make()
    first = ProductImage.objects.create(product=product, file="a.png", width=1, height=1)
    second = ProductImage.objects.create(product=product, file="b.png", width=1, height=1, is_primary=True)
    images = guest.get(f"/api/products/{product.pk}/").json()["images"]
    assert [image["id"] for image in images] == [second.pk, first.pk]


@pytest.mark.parametrize(
    "key",
    ["0", "-1", "1.5", str(2**63), str(10**30), "no-such", "%00", "a%00b", "a" * 500, "²", "%F0%9F%AB%96"],
)
def test_unknown_keys(guest, staff, key):
    body = {"sku": "X", "name": "X", "price": "1.00"}
    for response in (
        guest.get(f"/api/products/{key}/"),
        guest.get(f"/api/products/{key}/reviews/"),
        staff.put(f"/api/products/{key}/", body),
        staff.patch(f"/api/products/{key}/", {}),
        staff.delete(f"/api/products/{key}/"),
    ):
        assert response.status_code == 404, response.content
        assert response.json()["code"] == "not_found"


def test_hidden_products_are_hidden_from_all(guest, staff):
    product = product_make(is_active=False)
    for client in (guest, staff):
        for path in (f"{product.pk}/", f"{product.slug}/", f"{product.pk}/reviews/"):
            assert client.get(f"/api/products/{path}").status_code == 404


def test_other_methods_and_media_types(guest, staff):
    product = product_make()
    response = staff.post(f"/api/products/{product.pk}/", {})
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    response = guest.get(f"/api/products/{product.pk}/", HTTP_ACCEPT="text/csv")
    assert response.status_code == 406
    response = staff.patch(f"/api/products/{product.pk}/", "x", content_type="text/plain")
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")

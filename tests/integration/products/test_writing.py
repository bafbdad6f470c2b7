"""Staff put products on sale, change them and take them off."""

import pytest

from apps.core.models import OutboxEvent
from apps.inventory.models import StockItem, StockMovement
from apps.inventory.reservations import stock_reserve
from apps.inventory.selectors import stock_drift_list
from apps.inventory.services import StockLine
from apps.products.models import PriceHistory, Product, ProductVariant, Tag
from apps.products.services.categories import category_create
from tests.support.factories import product_make, variant_make

pytestmark = pytest.mark.django_db
URL = "/api/products/"
BODY = {"sku": "KET-1", "name": "Copper kettle", "price": "39.90"}


def created(staff, **fields):
    response = staff.post(URL, BODY | fields)
    assert response.status_code == 201, response.content
    return response.json()


def changed(staff, product, **fields):
    response = staff.patch(f"{URL}{product['id']}/", fields)
    assert response.status_code == 200, response.content
    return response.json()


def event_types():
    return list(OutboxEvent.objects.order_by("id").values_list("type", flat=True))


class TestCreating:
    def test_everything_that_can_be_said(self, staff, guest):
        category = category_create(name="Kitchen")
        made = created(
            staff, slug="the-kettle", description="Boils\nwater.", brand="Acme", category_id=category.pk, stock=3,
            tags=["Gift", "New"], attributes={"litres": 1.5}, currency="GBP",
        )  # fmt: skip
        assert made == guest.get(f"{URL}the-kettle/").json()
        assert (made["price"], made["stock"], made["tags"]) == ("39.90", 3, ["Gift", "New"])
        assert (made["category"]["slug"], made["attributes"]) == ("kitchen", {"litres": 1.5})
        assert made["description"] == "Boils\nwater."

    def test_ledger_price_history_and_event_are_written_with_it(self, staff):
        made = created(staff, stock=3)
        movement = StockMovement.objects.get()
        assert (movement.quantity, movement.kind, movement.actor_id) == (3, "receipt", staff.user.pk)
        price = PriceHistory.objects.get()
        assert (price.product_id, price.price_minor, price.actor_id) == (made["id"], 3990, staff.user.pk)
        event = OutboxEvent.objects.get()
        assert (event.type, event.aggregate) == ("product.created", f"product:{made['id']}")
        assert event.payload == {"product_id": made["id"], "sku": "KET-1", "slug": "copper-kettle"}

    def test_variants_have_price_stock_and_ledger(self, staff):
        made = created(
            staff,
            variants=[
                {"sku": "K-S", "name": "Small", "stock": 2, "attributes": {"size": "S"}},
                {"sku": "K-L", "name": "Large", "price": "45.00"},
            ],
        )
        assert [(v["sku"], v["price"], v["stock"]) for v in made["variants"]] == [
            ("K-S", "39.90", 2),
            ("K-L", "45.00", 0),
        ]
        assert made["stock"] == 2
        assert set(StockItem.objects.values_list("sku", flat=True)) == {"K-S", "K-L"}
        assert PriceHistory.objects.filter(variant__sku="K-L", price_minor=4500).count() == 1

    def test_equal_names_get_their_own_slugs(self, staff):
        slugs = [created(staff, sku=f"K-{number}")["slug"] for number in range(4)]
        assert slugs[0] == "copper-kettle"
        assert len(set(slugs)) == 4
        assert all(slug.startswith("copper-kettle") for slug in slugs)

    def test_a_slug_that_was_asked_for_is_kept_or_refused(self, staff):
        created(staff, slug="kettle")
        response = staff.post(URL, BODY | {"sku": "K-2", "slug": "kettle"})
        assert (response.status_code, response.json()["code"]) == (409, "slug_taken")
        assert not Product.objects.filter(sku="K-2").exists()
        assert not StockItem.objects.filter(sku="K-2").exists()

    @pytest.mark.parametrize("sku", ["TAKEN", "VARIANT", "NEW"])
    def test_a_sku_is_used_once_by_products_and_variants(self, staff, sku):
        product_make(sku="TAKEN")
        variant_make(product=product_make(stock=None), sku="VARIANT")
        variants = [{"sku": "TAKEN", "name": "x"}] if sku == "NEW" else []
        response = staff.post(URL, BODY | {"sku": sku, "variants": variants})
        assert (response.status_code, response.json()["code"]) == (409, "sku_taken"), response.content
        assert Product.objects.count() == 2
        assert event_types() == []

    def test_tags_are_made_once(self, staff):
        created(staff, tags=["Gift", "gift", "GIFT "])
        created(staff, sku="K-2", tags=["Gift", "Neu"])
        assert set(Tag.objects.values_list("name", flat=True)) >= {"Neu"}
        assert Tag.objects.count() == 2

    def test_unknown_category(self, staff):
        response = staff.post(URL, BODY | {"category_id": 2**62})
        assert (response.status_code, response.json()["code"]) == (404, "category_not_found")

    def test_markup_in_texts_goes(self, staff):
        made = created(
            staff,
            name="<b>Copper</b> kettle<script>alert(1)</script>",
            description="<img src=x onerror=alert(1)>Fits 3 < 4 & 5",
            brand="<i>Acme</i>",
            tags=["<b>Gift</b>"],
            attributes={"<b>colour</b>": "<b>red</b>"},
        )
        assert (made["name"], made["description"], made["brand"]) == (
            "Copper kettle",
            "Fits 3 < 4 & 5",
            "Acme",
        )
        assert (made["tags"], made["attributes"]) == (["Gift"], {"colour": "red"})

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("sku", None), ("sku", ""), ("sku", 7), ("sku", ["x"]), ("sku", "x" * 65), ("sku", "a\nb"),
            ("name", None), ("name", ""), ("name", "  "), ("name", ["x"]), ("name", 5), ("name", "x" * 201),
            ("name", "<b></b>"),
            ("slug", "123"), ("slug", "reviews"), ("slug", "a b"), ("slug", "x" * 201),
            ("price", None), ("price", ""), ("price", "-1"), ("price", "1.005"), ("price", "ten"), ("price", "NaN"),
            ("price", "Infinity"), ("price", "1e400"), ("price", True), ("price", []), ("price", {}),
            ("price", "9" * 20),
            ("stock", -1), ("stock", 1.5), ("stock", "3"), ("stock", True), ("stock", None), ("stock", 10**30),
            ("category_id", "x"), ("category_id", 1.0), ("category_id", True), ("category_id", 0),
            ("category_id", 2**63), ("category_id", []),
            ("tags", "x"), ("tags", {}), ("tags.0", [{}]), ("tags.0", ["!!!"]), ("tags", ["t"] * 31),
            ("attributes", []), ("attributes", "x"), ("attributes", {"a": []}), ("attributes", {"a": {}}),
            ("attributes", {"a": 2**63}),
            ("currency", "EUR"), ("currency", "pounds"), ("currency", 5), ("currency", None),
            ("description", []), ("description", "x" * 20_001),
            ("brand", "x" * 121), ("is_active", "yes"), ("is_active", 1),
            ("variants", {}), ("variants", "x"), ("variants.0.sku", [{"name": "x"}]),
            ("variants.0.stock", [{"sku": "V", "name": "x", "stock": -1}]),
            ("variants.0.price", [{"sku": "V", "name": "x", "price": "-1"}]),
            ("variants", [{"sku": "V", "name": "x"}, {"sku": "V", "name": "y"}]),
            ("stock", {"with variants": True}),
        ],
        ids=repr,
    )  # fmt: skip
    def test_a_bad_field_is_named_and_nothing_is_written(self, staff, field, value):
        body = BODY | {field.partition(".")[0]: value}
        if value == {"with variants": True}:
            body = BODY | {"stock": 3, "variants": [{"sku": "V", "name": "x"}]}
        response = staff.post(URL, body)
        assert response.status_code == 400, response.content
        assert response.json()["code"] == "validation_error"
        assert field in response.json()["extra"]["fields"]
        assert not Product.objects.exists()
        assert not StockItem.objects.exists()
        assert not OutboxEvent.objects.exists()

    @pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"a": NaN}', b"\xff", b'{"name": "a\\u0000b"}'])
    def test_malformed_bodies(self, staff, body):
        response = staff.generic("POST", URL, body, content_type="application/json")
        assert response.status_code == 400
        assert response.json()["code"] == "malformed_body"


class TestChanging:
    def test_what_is_not_named_stays(self, staff):
        made = created(staff, description="Old", tags=["Gift"], stock=3, attributes={"a": 1})
        after = changed(staff, made, description="New")
        assert after == made | {"description": "New"}
        assert event_types() == ["product.created", "product.updated"]
        assert OutboxEvent.objects.last().payload["fields"] == ["description"]

    def test_put_needs_the_essentials(self, staff):
        made = created(staff, stock=3)
        response = staff.put(f"{URL}{made['id']}/", {"name": "New"})
        assert set(response.json()["extra"]["fields"]) == {"sku", "price"}
        response = staff.put(f"{URL}{made['slug']}/", {"sku": "NEW", "name": "New", "price": "1", "stock": 0})
        body = response.json()
        assert (body["sku"], body["name"], body["price"], body["stock"]) == ("NEW", "New", "1.00", 0)

    def test_a_price_change_is_remembered_and_told(self, staff):
        made = created(staff)
        changed(staff, made, price="39.90")
        assert PriceHistory.objects.count() == 1
        changed(staff, made, price="45.00")
        assert list(PriceHistory.objects.order_by("id").values_list("price_minor", flat=True)) == [3990, 4500]
        told = OutboxEvent.objects.get(type="price.changed").payload
        assert told == {
            "product_id": made["id"], "variant_id": None, "old_price_minor": 3990, "price_minor": 4500,
            "currency": "GBP",
        }  # fmt: skip

    def test_stock_is_set_on_top_of_what_is_promised(self, staff):
        made = created(staff, stock=5)
        item = StockItem.objects.get()
        stock_reserve(lines=[StockLine(item.pk, 2)], reference="O-1", expires_at="2100-01-01T00:00:00Z")
        assert changed(staff, made, stock=10)["stock"] == 10
        item.refresh_from_db()
        assert (item.on_hand, item.reserved) == (12, 2)
        assert stock_drift_list() == []

    def test_the_ledger_follows_a_new_sku(self, staff):
        made = created(staff, stock=1)
        changed(staff, made, sku="KET-2")
        assert StockItem.objects.get().sku == "KET-2"
        created(staff)

    def test_a_taken_sku_or_slug_changes_nothing(self, staff):
        made, other = created(staff), created(staff, sku="K-2", slug="other")
        for field, value in (("sku", "KET-1"), ("slug", "copper-kettle")):
            response = staff.patch(f"{URL}{other['id']}/", {field: value, "name": "New"})
            assert (response.status_code, response.json()["code"]) == (409, f"{field}_taken")
        assert staff.get(f"{URL}{other['id']}/").json() == other
        assert made["sku"] == "KET-1"

    def test_variants_are_matched_by_sku_and_retired_when_left_out(self, staff):
        made = created(
            staff,
            variants=[{"sku": "S", "name": "Small", "stock": 1}, {"sku": "L", "name": "Large", "stock": 2}],
        )
        after = changed(
            staff, made,
            variants=[{"sku": "L", "name": "Larger", "price": "50"}, {"sku": "M", "name": "Medium", "stock": 4}],
        )  # fmt: skip
        assert [(v["sku"], v["name"], v["price"], v["stock"]) for v in after["variants"]] == [
            ("L", "Larger", "50.00", 2),
            ("M", "Medium", "39.90", 4),
        ]
        assert after["variants"][0]["id"] == made["variants"][1]["id"]
        assert ProductVariant.objects.get(sku="S").is_active is False
        back = changed(staff, made, variants=[{"sku": "S", "name": "Small"}])
        assert [(v["sku"], v["stock"]) for v in back["variants"]] == [("S", 1)]

    def test_units_in_carts_and_orders_keep_their_kind(self, staff):
        simple = created(staff, stock=1)
        response = staff.patch(f"{URL}{simple['id']}/", {"variants": [{"sku": "S", "name": "Small"}]})
        assert (response.status_code, response.json()["code"]) == (409, "variants_conflict")
        assert changed(staff, simple, variants=[])["stock"] == 1
        made = created(staff, sku="V", variants=[{"sku": "V-1", "name": "One"}])
        for fields, field in (({"variants": []}, "variants"), ({"stock": 5}, "stock")):
            response = staff.patch(f"{URL}{made['id']}/", fields)
            assert response.status_code == 400
            assert field in response.json()["extra"]["fields"]

    def test_another_products_variant_is_not_stolen(self, staff):
        created(staff, variants=[{"sku": "S", "name": "Small"}])
        other = created(staff, sku="O", variants=[{"sku": "O-1", "name": "One"}])
        response = staff.patch(f"{URL}{other['id']}/", {"variants": [{"sku": "S", "name": "Mine"}]})
        assert (response.status_code, response.json()["code"]) == (409, "sku_taken")
        assert staff.get(f"{URL}{other['id']}/").json() == other

    def test_hiding_and_showing(self, staff, guest):
        made = created(staff)
        changed(staff, made, is_active=False)
        assert guest.get(f"{URL}{made['id']}/").status_code == 404
        assert changed(staff, made, is_active=True)["is_active"]
        assert guest.get(f"{URL}{made['id']}/").status_code == 200


class TestDeleting:
    def test_it_is_gone_from_the_shop_but_not_from_history(self, staff, guest):
        made = created(staff, stock=1)
        response = staff.delete(f"{URL}{made['slug']}/")
        assert (response.status_code, response.content) == (204, b"")
        for path in (f"{made['id']}/", f"{made['slug']}/"):
            assert guest.get(URL + path).status_code == 404
        assert guest.get(URL).json()["count"] == 0
        assert staff.delete(f"{URL}{made['id']}/").status_code == 404
        assert Product.objects.filter(pk=made["id"]).exists()
        assert event_types() == ["product.created", "product.deleted"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "", BODY),
        ("put", "{}/", BODY),
        ("patch", "{}/", {"price": "0.01"}),
        ("delete", "{}/", None),
        ("post", "{}/upload_image/", None),
        ("post", "categories/", {"name": "Mine"}),
    ],
)
def test_only_staff_write(guest, customer, method, path, body):
    product = product_make()
    for client, status, code in ((guest, 401, "not_authenticated"), (customer, 403, "permission_denied")):
        response = getattr(client, method)(URL + path.format(product.pk), body)
        assert (response.status_code, response.json()["code"]) == (status, code)
    assert Product.objects.get().price_minor == product.price_minor
    assert not OutboxEvent.objects.exists()

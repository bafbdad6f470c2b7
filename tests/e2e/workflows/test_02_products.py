"""The catalogue: putting products on sale, finding them, paging through them, their pictures, and who may do what."""

from datetime import datetime

import pytest

from tests.e2e.support.answers import at_once, ids, not_found, ok, refused, refused_field, statuses
from tests.e2e.support.things import unique

FIELDS = {
    "id", "slug", "sku", "name", "description", "brand", "category", "tags", "price", "currency", "stock", "in_stock",
    "rating", "review_count", "images", "variants", "attributes", "created_at",
}  # fmt: skip
UNKNOWN_KEYS = [0, -1, 2**62, 10**30, "no-such-slug", "1.5", "a" * 500]


class TestPuttingOnSale:
    def test_a_product_has_the_whole_shape(self, staff, guest):
        category, name = staff.add_category(), unique("Copper kettle")
        made = staff.add_product(
            name=name, description="Boils water.", brand="Kettles & Co", category_id=category["id"], price="39.90",
            stock=3, tags=["Kitchen", "Gift"], attributes={"colour": "copper", "litres": 1.5},
        )  # fmt: skip

        assert set(made) >= FIELDS
        assert (made["name"], made["price"], made["currency"], made["stock"]) == (name, "39.90", "GBP", 3)
        assert made["category"] == {"id": category["id"], "slug": category["slug"], "name": category["name"]}
        assert (made["in_stock"], made["rating"], made["review_count"]) == (True, 0, 0)
        assert (made["images"], made["variants"]) == ([], [])
        assert made["attributes"] == {"colour": "copper", "litres": 1.5}
        assert sorted(made["tags"]) == ["Gift", "Kitchen"]
        assert datetime.fromisoformat(made["created_at"]).tzinfo is not None
        assert guest.product(made["id"]) == made

    def test_it_is_found_by_its_slug_too(self, staff, guest):
        made = staff.add_product()
        assert guest.product(made["slug"]) == guest.product(made["id"])

    def test_equal_names_get_different_slugs(self, staff):
        name = unique("Twin mug")
        slugs = {staff.add_product(name=name)["slug"] for _ in range(3)}
        assert len(slugs) == 3
        assert not any(slug.isdigit() for slug in slugs)

    def test_a_name_of_digits_does_not_hide_another_product(self, staff, guest):
        first = staff.add_product()
        second = staff.add_product(name=str(first["id"]))
        assert not second["slug"].isdigit()
        assert guest.product(first["id"])["id"] == first["id"]

    def test_a_sku_is_used_once(self, staff):
        made = staff.add_product()
        body = {"sku": made["sku"], "name": "Copy", "price": "1.00"}
        refused(staff.post("products/", body), 409, "sku_taken")
        assert ids(staff.products(search=made["sku"])) == [made["id"]]

    def test_a_sku_raced_for_by_ten_is_used_once(self, staff):
        body = {"sku": unique("RACE"), "name": "Racer", "price": "1.00", "stock": 1}
        answers = at_once([lambda: staff.post("products/", body)] * 10)
        assert statuses(answers) == {201: 1, 409: 9}

    def test_variants_have_their_own_price_and_stock(self, staff, guest):
        made = staff.add_variants(
            {"name": "Small", "price": "4.00", "stock": 2, "attributes": {"size": "S"}},
            {"name": "Large", "price": "6.50", "stock": 3, "attributes": {"size": "L"}},
            price="5.00",
        )
        seen = guest.product(made["id"])
        assert [(v["name"], v["price"], v["stock"], v["attributes"]) for v in seen["variants"]] == [
            ("Small", "4.00", 2, {"size": "S"}),
            ("Large", "6.50", 3, {"size": "L"}),
        ]
        assert all(isinstance(v["id"], int) and v["sku"] for v in seen["variants"])
        assert (seen["price"], seen["stock"], seen["in_stock"]) == ("5.00", 5, True)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", None),
            ("name", ""),
            ("name", ["Mug"]),
            ("name", "x" * 201),
            ("sku", ""),
            ("sku", {"$gt": ""}),
            ("sku", "x" * 65),
            ("price", None),
            ("price", "-1.00"),
            ("price", "1.005"),
            ("price", "ten"),
            ("price", "NaN"),
            ("price", "Infinity"),
            ("price", "1e400"),
            ("price", True),
            ("price", []),
            ("price", "99999999999999999999"),
            ("stock", -1),
            ("stock", 1.5),
            ("stock", "many"),
            ("stock", True),
            ("stock", 10**30),
            ("category_id", "kitchen"),
            ("category_id", 1.5),
            ("tags", "Kitchen"),
            ("tags.0", [{}]),
            ("attributes", []),
            ("attributes", "red"),
            ("currency", "POUNDS"),
            ("currency", 7),
            ("description", ["text"]),
            ("variants", {}),
        ],
    )
    def test_a_bad_field_is_named_and_nothing_is_sold(self, staff, field, value):
        body = {"sku": unique("BAD"), "name": unique("Bad mug"), "price": "1.00", "stock": 1}
        refused_field(staff.post("products/", {**body, field.partition(".")[0]: value}), field)
        assert staff.products(search=body["sku"]) == []

    @pytest.mark.parametrize(
        ("field", "value"), [("price", "-4.00"), ("stock", -1), ("stock", 2.5), ("sku", ""), ("name", None)]
    )
    def test_a_bad_variant_is_named_and_nothing_is_sold(self, staff, field, value):
        sku, variant = unique("BAD"), {"sku": unique("V"), "name": "Small", "price": "4.00", "stock": 1}
        body = {"sku": sku, "name": "Bad mug", "price": "1.00", "variants": [{**variant, field: value}]}
        refused_field(staff.post("products/", body), f"variants.0.{field}")
        assert staff.products(search=sku) == []

    def test_unknown_categories_are_refused(self, staff):
        body = {"sku": unique("BAD"), "name": "Mug", "price": "1.00", "category_id": 2**62}
        refused(staff.post("products/", body), 404, "category_not_found")

    def test_missing_fields_are_all_named(self, staff):
        fields = refused(staff.post("products/", {}), 400, "validation_error")["fields"]
        assert set(fields) >= {"name", "price"}

    @pytest.mark.parametrize("body", [b"{", b"[1]", b"null", b'{"price": NaN}', b"\xff\xfe", b"[" * 100_000])
    def test_malformed_bodies_are_refused(self, staff, body):
        refused(staff.post_raw("products/", body), 400, "malformed_body")

    def test_a_body_that_is_too_large_is_refused(self, staff):
        refused(staff.post("products/", {"description": "x" * 2_000_000}), 413, "payload_too_large")

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>"])
    def test_script_in_text_does_not_survive(self, staff, guest, text):
        body = {
            "sku": unique("XSS"),
            "name": f"Mug {text}",
            "description": f"Good {text}",
            "price": "1.00",
            "stock": 1,
        }
        answer = staff.post("products/", body)
        assert answer.status_code in (201, 400), answer.text
        for seen in guest.products(search=body["sku"]):
            assert not [
                bad for bad in ("<script", "onerror") if bad in f"{seen['name']} {seen['description']}"
            ]


class TestChanging:
    def test_a_change_shows_everywhere_at_once(self, staff, guest):
        made = staff.add_product(price="10.00", stock=5)
        guest.product(made["id"])
        guest.products(search=made["sku"])
        name = unique("Better mug")
        staff.change_product(made, name=name, price="12.50", stock=7)

        for seen in (guest.product(made["id"]), guest.products(search=made["sku"])[0]):
            assert (seen["name"], seen["price"], seen["stock"]) == (name, "12.50", 7)

    def test_a_part_leaves_the_rest_alone(self, staff):
        made = staff.add_product(description="Old", brand="Same", tags=["Kept"])
        changed = staff.change_product(made, description="New")
        assert {**changed, "description": "Old"} == made

    def test_put_replaces_the_whole(self, staff, guest):
        made = staff.add_product(description="Old", brand="Old")
        body = {
            "sku": made["sku"],
            "name": "New mug",
            "description": "New",
            "brand": "New",
            "price": "3.00",
            "stock": 2,
        }
        ok(staff.put(f"products/{made['id']}/", body))
        seen = guest.product(made["id"])
        assert (seen["name"], seen["description"], seen["brand"], seen["price"], seen["stock"]) == (
            "New mug", "New", "New", "3.00", 2,
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("field", "value"), [("price", "-1"), ("stock", 1.5), ("name", ""), ("attributes", [])]
    )
    def test_a_bad_change_changes_nothing(self, staff, guest, field, value):
        made = staff.add_product()
        refused_field(staff.patch(f"products/{made['id']}/", {"description": "New", field: value}), field)
        assert guest.product(made["id"]) == made

    def test_a_removed_product_is_gone_for_everybody(self, staff, guest, brand):
        made = staff.add_product(brand=brand)
        assert ids(guest.products(brand=brand)) == [made["id"]]
        ok(staff.delete(f"products/{made['id']}/"), 204)
        not_found(guest.get(f"products/{made['id']}/"))
        not_found(guest.get(f"products/{made['slug']}/"))
        assert guest.products(brand=brand) == []
        not_found(staff.delete(f"products/{made['id']}/"))


class TestPermissions:
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("POST", "products/"),
            ("PUT", "products/{}/"),
            ("PATCH", "products/{}/"),
            ("DELETE", "products/{}/"),
            ("POST", "products/{}/upload_image/"),
            ("POST", "products/categories/"),
        ],
    )
    def test_only_staff_write(self, staff, customer, guest, method, path):
        made = staff.add_product()
        body = {"sku": unique("NO"), "name": "Mine", "price": "0.01", "stock": 1}
        refused(guest.send(method, path.format(made["id"]), json=body), 401, "not_authenticated")
        refused(customer.send(method, path.format(made["id"]), json=body), 403, "permission_denied")
        assert guest.product(made["id"]) == made
        assert guest.products(search=body["sku"]) == []

    def test_everybody_reads(self, staff, guest):
        made = staff.add_product()
        for path in (
            "",
            f"{made['id']}/",
            f"{made['id']}/reviews/",
            "categories/",
            "tags/",
            "suggest/?q=mug",
        ):
            ok(guest.get(f"products/{path}"))

    @pytest.mark.parametrize("key", UNKNOWN_KEYS)
    def test_unknown_products_do_not_exist(self, staff, guest, key):
        not_found(guest.get(f"products/{key}/"))
        for method in ("PUT", "PATCH", "DELETE"):
            not_found(
                staff.send(
                    method, f"products/{key}/", json={"sku": unique("X"), "name": "X", "price": "1.00"}
                )
            )

    def test_other_methods_are_refused_with_the_right_ones(self, staff, guest):
        answer = guest.send("DELETE", "products/")
        assert answer.status_code in (401, 405), answer.text
        answer = staff.send("DELETE", "products/")
        refused(answer, 405, "method_not_allowed")
        assert {"GET", "POST"} <= set(answer.headers["allow"].replace(",", " ").split())


class TestCategoriesAndTags:
    def test_a_tree_grows(self, staff, guest):
        top = staff.add_category()
        child = staff.add_category(top)
        seen = ok(guest.get(f"products/categories/{child['id']}/"))
        assert (seen["id"], seen["slug"], seen["name"]) == (child["id"], child["slug"], child["name"])
        assert seen["parent_id"] == top["id"]

    def test_the_list_has_the_common_shape(self, staff, guest):
        made = staff.add_category()
        page = ok(guest.get("products/categories/", page_size=100))
        assert set(page) == {"count", "next", "previous", "results"}
        found = page["results"]
        while page["next"]:
            page = ok(guest.get(page["next"]))
            found += page["results"]
        assert made["id"] in ids(found)
        assert len(set(ids(found))) == len(found) == page["count"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [("name", ""), ("name", None), ("name", ["a"]), ("name", "x" * 500), ("parent_id", "top")],
    )
    def test_a_bad_field_is_named(self, staff, field, value):
        refused_field(staff.post("products/categories/", {"name": unique("Bad"), field: value}), field)

    def test_unknown_parents_are_refused(self, staff):
        body = {"name": unique("Orphan"), "parent_id": 2**62}
        refused(staff.post("products/categories/", body), 404, "category_not_found")

    @pytest.mark.parametrize("key", [0, -1, 2**62, 10**30])
    def test_unknown_categories_do_not_exist(self, guest, key):
        not_found(guest.get(f"products/categories/{key}/"))

    def test_ten_categories_at_once_all_get_a_place(self, staff, guest):
        parent = staff.add_category()
        made = at_once([lambda: staff.add_category(parent)] * 10)
        assert len({category["slug"] for category in made}) == 10
        product = staff.add_product(category_id=made[-1]["id"])
        assert ids(guest.products(category=parent["slug"])) == [product["id"]]

    def test_a_tag_appears_with_its_first_product(self, staff, guest):
        tag = unique("Tag")
        staff.add_product(tags=[tag])
        staff.add_product(tags=[tag])
        page = ok(guest.get("products/tags/", page_size=100))
        found = page["results"]
        while page["next"]:
            page = ok(guest.get(page["next"]))
            found += page["results"]
        assert [t["name"] for t in found].count(tag) == 1


class TestFrontDoor:
    def test_health_docs_and_schema_answer(self, guest, shop_url):
        assert ok(guest.get("health/")) == {"status": "healthy"}
        assert "text/html" in guest.get("docs/").headers["content-type"]
        assert guest.get("schema/").status_code == 200
        assert guest.http.get(f"{shop_url}/admin/").status_code in (200, 302)

    @pytest.mark.parametrize("path", ["nothing/", "products", "products/1/nothing/", "../.env"])
    def test_unknown_paths_get_the_envelope(self, guest, path):
        not_found(guest.get(path))

    @pytest.mark.parametrize("path", ["%00/", "products/%00/", "products/..%2f../", "orders/%00/"])
    def test_paths_that_two_servers_could_read_differently_go_no_further(self, guest, path):
        answer = guest.get(path)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")

    @pytest.mark.parametrize("path", ["products/reviews/", "nothing/"])
    def test_a_refusal_keeps_the_connection(self, guest, path):
        """A server that drops a connection with an unread body in it loses the next request, sometimes."""
        for _ in range(100):
            assert guest.post(path, {"text": "x" * 1000}).status_code in (401, 404)
            ok(guest.get("health/"))

    def test_the_callers_request_id_comes_back(self, guest):
        answer = guest.send("GET", "products/0/", headers={"X-Request-Id": "from-the-caller-1"})
        assert answer.headers["x-request-id"] == "from-the-caller-1"
        assert answer.json()["request_id"] == "from-the-caller-1"

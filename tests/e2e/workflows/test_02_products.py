"""The catalogue: putting products on sale, finding them, paging through them, their pictures, and who may do what."""

from datetime import datetime

import pytest

from tests.e2e.support.answers import at_once, not_found, ok, refused, refused_field, statuses
from tests.e2e.support.people import upload
from tests.e2e.support.pictures import HOSTILE, SECRET, bomb, html_in_picture, located_photo, read
from tests.e2e.support.things import png, unique

FIELDS = {
    "id", "slug", "sku", "name", "description", "brand", "category", "tags", "price", "currency", "stock", "in_stock",
    "rating", "review_count", "images", "variants", "attributes", "created_at",
}  # fmt: skip
UNKNOWN_KEYS = [0, -1, 2**62, 10**30, "no-such-slug", "1.5", "a" * 500]


def ids(products):
    return [product["id"] for product in products]


@pytest.fixture
def brand():
    """A brand that nobody else sells, to look at one test's products alone."""
    return unique("Brand")


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


class TestFilters:
    def test_a_category_includes_what_is_below_it(self, staff, guest):
        top = staff.add_category()
        middle = staff.add_category(top)
        bottom, other = staff.add_category(middle), staff.add_category(top)
        deep, shallow = staff.add_product(category_id=bottom["id"]), staff.add_product(category_id=top["id"])
        aside = staff.add_product(category_id=other["id"])

        assert set(ids(guest.products(category=top["slug"]))) == set(ids([deep, shallow, aside]))
        assert ids(guest.products(category=middle["slug"])) == [deep["id"]]
        assert ids(guest.products(category=other["slug"])) == [aside["id"]]

    def test_price_has_two_inclusive_ends(self, staff, guest, brand):
        cheap, fair, dear = (
            staff.add_product(brand=brand, price=p)["id"] for p in ("5.00", "10.00", "15.00")
        )
        assert set(ids(guest.products(brand=brand, min_price="10.00"))) == {fair, dear}
        assert set(ids(guest.products(brand=brand, max_price="10"))) == {cheap, fair}
        assert ids(guest.products(brand=brand, min_price="5.01", max_price="14.99")) == [fair]
        assert guest.products(brand=brand, min_price="16") == []

    def test_tag_and_brand_narrow_together(self, staff, guest, brand):
        tag = unique("Tag")
        wanted = staff.add_product(brand=brand, tags=[tag])
        staff.add_product(brand=brand)
        staff.add_product(tags=[tag])
        assert ids(guest.products(brand=brand, tag=tag)) == [wanted["id"]]

    def test_stock_is_the_one_of_this_moment(self, staff, customer, guest, brand):
        there, last = staff.add_product(brand=brand, stock=2), staff.add_product(brand=brand, stock=1)
        gone = staff.add_product(brand=brand, stock=0)
        assert set(ids(guest.products(brand=brand, in_stock="true"))) == {there["id"], last["id"]}
        customer.order(last)
        assert ids(guest.products(brand=brand, in_stock="true")) == [there["id"]]
        assert set(ids(guest.products(brand=brand, in_stock="false"))) == {last["id"], gone["id"]}

    def test_rating_is_the_mean_of_the_reviews(self, staff, customer, guest, brand):
        good, bad = staff.add_product(brand=brand), staff.add_product(brand=brand)
        customer.review(good, 5)
        customer.review(bad, 2)
        assert ids(guest.products(brand=brand, min_rating=4)) == [good["id"]]
        assert ids(guest.products(brand=brand, ordering="rating"))[0] == good["id"]

    def test_attributes_are_filters(self, staff, guest, brand):
        red = staff.add_product(brand=brand, attributes={"colour": "red", "litres": 2})
        blue = staff.add_product(brand=brand, attributes={"colour": "blue", "litres": 2})
        assert ids(guest.products(brand=brand, **{"attr.colour": "red"})) == [red["id"]]
        assert set(ids(guest.products(brand=brand, **{"attr.litres": 2}))) == {red["id"], blue["id"]}
        assert guest.products(brand=brand, **{"attr.colour": "red", "attr.litres": 3}) == []
        assert guest.products(brand=brand, **{"attr.unheard": "red"}) == []

    @pytest.mark.parametrize(
        ("ordering", "expected"),
        [("price", "acb"), ("-price", "bca"), ("name", "bac"), ("newest", "cba")],
    )
    def test_orderings(self, staff, guest, brand, ordering, expected):
        made = {
            "a": staff.add_product(brand=brand, name=unique("Middle"), price="1.00"),
            "b": staff.add_product(brand=brand, name=unique("Early"), price="9.00"),
            "c": staff.add_product(brand=brand, name=unique("Same"), price="5.00"),
        }
        found = ids(guest.products(brand=brand, ordering=ordering))
        assert found == [made[letter]["id"] for letter in expected]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("min_price", "cheap"),
            ("min_price", "-1"),
            ("max_price", "NaN"),
            ("max_price", "1e400"),
            ("in_stock", "perhaps"),
            ("min_rating", "good"),
            ("min_rating", "6"),
            ("min_rating", "inf"),
            ("ordering", "random"),
            ("ordering", "price_minor"),
            ("ordering", "category__path"),
            ("category", "no-such-category"),
            ("page", "0"),
            ("page", "-1"),
            ("page", "1.5"),
            ("page", "last"),
            ("page", "9" * 40),
            ("page_size", "0"),
            ("page_size", "101"),
            ("page_size", "all"),
            ("cursor", "garbage"),
            ("cursor", "WyJuIiwxXQ"),
            ("search", "x" * 2000),
        ],
    )
    def test_a_bad_parameter_is_named(self, guest, name, value):
        refused_field(guest.get("products/", **{name: value}), name)

    def test_pages_beyond_the_end_do_not_exist(self, staff, guest, brand):
        staff.add_product(brand=brand)
        refused(guest.get("products/", brand=brand, page=2), 404, "page_not_found")
        refused(guest.get("products/", brand=brand, page=9_999_999), 404, "page_not_found")


class TestPaging:
    @pytest.fixture
    def shelf(self, staff, brand):
        """Seven products of one brand, newest first; three of them at one price."""
        prices = ["3.00", "1.00", "2.00", "2.00", "2.00", "5.00", "4.00"]
        return [staff.add_product(brand=brand, price=price) for price in prices][::-1]

    @pytest.mark.parametrize("first", [{"page": 1}, {"cursor": ""}], ids=["by page", "by cursor"])
    @pytest.mark.parametrize("ordering", ["newest", "price", "-price", "name", "rating"])
    def test_every_product_comes_once(self, shelf, guest, brand, first, ordering):
        pages = list(walk(guest, brand=brand, ordering=ordering, page_size=3, **first))
        assert [len(page["results"]) for page in pages] == [3, 3, 1]
        assert {page["count"] for page in pages} == {7}
        found = [product for page in pages for product in page["results"]]
        assert sorted(ids(found)) == sorted(ids(shelf))
        if ordering == "newest":
            assert ids(found) == ids(shelf)
        if ordering == "price":
            assert [p["price"] for p in found] == sorted(p["price"] for p in shelf)

    @pytest.mark.parametrize("first", [{"page": 1}, {"cursor": ""}], ids=["by page", "by cursor"])
    def test_the_way_back_is_the_same(self, shelf, guest, brand, first):
        pages = list(walk(guest, brand=brand, page_size=3, **first))
        back = ok(guest.get(pages[-1]["previous"]))
        assert ids(back["results"]) == ids(pages[1]["results"])
        assert ids(ok(guest.get(back["previous"]))["results"]) == ids(pages[0]["results"])

    def test_a_cursor_is_not_shifted_by_what_arrives(self, shelf, staff, guest, brand):
        first = ok(guest.get("products/", brand=brand, ordering="newest", page_size=3, cursor=""))
        staff.add_product(brand=brand)
        second = ok(guest.get(first["next"]))
        assert ids(first["results"] + second["results"]) == ids(shelf)[:6]

    def test_search_results_are_paged_too(self, staff, guest):
        word = unique("Zebra").replace("-", "")
        made = [staff.add_product(name=f"{word} cup {n}") for n in range(5)]
        for first in ({"page": 1}, {"cursor": ""}):
            pages = list(walk(guest, search=word, page_size=2, **first))
            assert sorted(ids(p for page in pages for p in page["results"])) == sorted(ids(made))

    def test_a_cursor_of_another_order_is_refused(self, shelf, guest, brand):
        following = ok(guest.get("products/", brand=brand, ordering="name", page_size=3, cursor=""))["next"]
        cursor = dict(pair.split("=") for pair in following.partition("?")[2].split("&"))["cursor"]
        refused_field(guest.get("products/", brand=brand, ordering="price", cursor=cursor), "cursor")


def walk(person, **query):
    """The pages of the product list, from link to link."""
    page = ok(person.get("products/", **query))
    assert page["previous"] is None
    yield page
    for _ in range(20):
        if page["next"] is None:
            return
        page = ok(person.get(page["next"]))
        yield page
    pytest.fail("The list does not end.")


class TestSearch:
    @pytest.fixture
    def kettle(self, staff):
        word = unique("Qx").replace("-", "")
        return staff.add_product(
            name=f"Enamelled {word} kettle", brand=f"Maker{word}", description=f"Whistles {word}describe loudly.",
            sku=f"KTL-{word}".upper(),
        )  # fmt: skip

    def test_by_a_word_of_the_name_in_any_case(self, kettle, guest):
        word = kettle["name"].split()[1]
        for text in (word, word.upper(), f"kettle {word}", f"kettles {word}"):
            assert ids(guest.products(search=text))[:1] == [kettle["id"]], text

    def test_by_brand_and_description(self, kettle, guest):
        assert kettle["id"] in ids(guest.products(search=kettle["brand"]))
        assert kettle["id"] in ids(guest.products(search=kettle["description"].split()[1]))

    def test_the_exact_sku_comes_first(self, kettle, staff, guest):
        staff.add_product(name=f"Box for {kettle['sku']}", description=f"{kettle['sku']} {kettle['sku']}")
        assert ids(guest.products(search=kettle["sku"]))[0] == kettle["id"]
        assert ids(guest.products(search=kettle["sku"].lower()))[0] == kettle["id"]

    def test_a_variants_sku_finds_its_product(self, staff, guest):
        made = staff.add_variants({"name": "Small", "price": "4.00", "stock": 2})
        assert ids(guest.products(search=made["variants"][0]["sku"]))[:1] == [made["id"]]

    def test_typos_are_forgiven(self, staff, guest):
        made = staff.add_product(name="Chrysanthemum samovar")
        for typo in ("Chrysantemum samovar", "chrisanthemum samovar", "chrysanthemum samovra"):
            assert made["id"] in found_by(guest, typo), typo

    def test_filters_are_kept(self, kettle, guest):
        word = kettle["name"].split()[1]
        assert guest.products(search=word, max_price="1.00") == []
        assert ids(guest.products(search=word, in_stock="true")) == [kettle["id"]]

    def test_nonsense_finds_nothing(self, guest):
        answer = ok(guest.get("products/", search="zzqqxxjjkkvv wwqqzzxx"))
        assert (answer["count"], answer["results"]) == (0, [])

    @pytest.mark.parametrize(
        "text",
        [
            "'",
            '"',
            "'; drop table products; --",
            "a & | !",
            ":*",
            "%_%",
            "\\",
            "(((",
            "<->",
            "🫖",
            "  ",
            "-mug",
        ],
    )
    def test_signs_break_nothing(self, guest, text):
        ok(guest.get("products/", search=text))
        if text.strip():
            ok(guest.get("products/suggest/", q=text))
        else:
            refused_field(guest.get("products/suggest/", q=text), "q")

    def test_nul_in_a_search_is_refused_or_ignored(self, guest):
        for path in (
            "products/?search=a%00b",
            "products/suggest/?q=a%00b",
            "products/?brand=%00",
            "products/?attr.a=%00",
        ):
            answer = guest.get(path)
            assert answer.status_code in (200, 400), answer.text

    def test_suggestions_complete_what_is_typed(self, kettle, guest):
        start = kettle["name"][: len("Enamelled ") + 6]
        assert kettle["name"] in str(ok(guest.get("products/suggest/", q=start)))


def found_by(person, text):
    """Ids of everything a search finds."""
    return ids(product for page in walk(person, search=text, page_size=100) for product in page["results"])


class TestPictures:
    def test_the_first_one_is_the_primary(self, staff, guest):
        made = staff.add_product()
        first = staff.add_image(made, alt="From the front")
        second = ok(staff.upload(made, png(colour="navy")), 201)
        images = guest.product(made["id"])["images"]

        assert [(i["id"], i["is_primary"]) for i in images] == [(first["id"], True), (second["id"], False)]
        assert images[0]["alt"] == "From the front"

    def test_it_can_be_fetched(self, staff, guest):
        made = staff.add_product()
        staff.add_image(made)
        url = guest.product(made["id"])["images"][0]["url"]
        answer = guest.http.get(url)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert read(answer.content).size == (8, 6)

    def test_a_photo_keeps_no_secret_and_stands_upright(self, staff, guest):
        made = staff.add_product()
        ok(staff.upload(made, located_photo(), "photo.jpg"), 201)
        content = guest.http.get(guest.product(made["id"])["images"][0]["url"]).content
        image = read(content)
        assert image.size == (20, 40)
        assert not dict(image.getexif())
        assert SECRET.encode() not in content

    def test_what_hides_behind_a_picture_is_left_behind(self, staff, guest):
        made = staff.add_product()
        ok(staff.upload(made, html_in_picture(), "page.html"), 201)
        url = guest.product(made["id"])["images"][0]["url"]
        assert url.endswith(".png")
        assert b"script" not in guest.http.get(url).content

    @pytest.mark.parametrize("name", HOSTILE)
    def test_what_is_no_picture_is_refused(self, staff, guest, name):
        made = staff.add_product()
        answer = staff.upload(made, HOSTILE[name], name)
        assert ok(answer, 400)["code"] in ("image_invalid", "validation_error")
        assert guest.product(made["id"])["images"] == []

    @pytest.mark.parametrize("side", [20_000, 2**31 - 1])
    def test_a_decompression_bomb_is_refused(self, staff, guest, side):
        made = staff.add_product()
        answer = staff.upload(made, bomb(side))
        assert answer.status_code in (400, 413), answer.text
        assert answer.json()["code"] in ("image_invalid", "payload_too_large")
        assert guest.product(made["id"])["images"] == []

    def test_a_file_that_is_too_large_is_refused(self, staff, guest):
        made = staff.add_product()
        refused(staff.upload(made, png() + bytes(6_000_000)), 413, "payload_too_large")
        assert guest.product(made["id"])["images"] == []

    def test_a_missing_file_is_named(self, staff):
        made = staff.add_product()
        answer = staff.send("POST", f"products/{made['id']}/upload_image/", files={"other": ("a.png", png())})
        refused_field(answer, "image")

    def test_json_is_no_upload(self, staff):
        made = staff.add_product()
        refused(
            staff.post(f"products/{made['id']}/upload_image/", {"image": "a.png"}),
            415,
            "unsupported_media_type",
        )

    def test_only_staff_upload(self, staff, customer, guest):
        made = staff.add_product()
        refused(upload(customer, made, png(), "a.png"), 403, "permission_denied")
        refused(upload(guest, made, png(), "a.png"), 401, "not_authenticated")
        assert guest.product(made["id"])["images"] == []

    def test_unknown_products_have_none(self, staff):
        not_found(staff.upload({"id": 2**62}, png()))

    @pytest.mark.parametrize(
        "path", ["media/../manage.py", "media/..%2f..%2fetc/passwd", "media/products/", "media/"]
    )
    def test_only_pictures_are_served(self, guest, shop_url, path):
        answer = guest.http.get(f"{shop_url}/{path}")
        assert answer.status_code in (400, 404), answer.text


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

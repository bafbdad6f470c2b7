"""Workflow 2, finding: filters, pages, search and suggestions."""

import pytest

from tests.e2e.support.answers import ids, ok, refused, refused_field
from tests.e2e.support.things import unique
from tests.support.polling import wait_until


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
        usual = guest.get("products/", search="mug").headers["x-search-source"]

        def indexed():  # in seconds; until then, PostgreSQL knows all five and the index some
            answer = guest.get("products/", search=word)
            return (len(ok(answer)["results"]), answer.headers["x-search-source"]) == (5, usual)

        wait_until(indexed, timeout_s=120, every_s=0.1)
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
        """Others of this name may be there, so this one is found when the index has followed."""
        made = staff.add_product(name="Chrysanthemum samovar")
        for typo in ("Chrysantemum samovar", "chrisanthemum samovar", "chrysanthemum samovra"):
            wait_until(
                lambda typo=typo: made["id"] in found_by(guest, typo), timeout_s=60, every_s=0.2, what=typo
            )

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
        """Others begin alike but for a slip, so this one comes when the index has followed."""
        start = kettle["name"][: len("Enamelled ") + 6]
        wait_until(
            lambda: kettle["name"] in str(ok(guest.get("products/suggest/", q=start))),
            timeout_s=60,
            every_s=0.2,
        )


def found_by(person, text):
    """Ids of everything a search finds."""
    return ids(product for page in walk(person, search=text, page_size=100) for product in page["results"])

"""Search and suggestions on PostgreSQL."""

import pytest

from apps.products.models import Product
from apps.products.services.categories import category_changed, category_create
from apps.products.services.products import product_create
from apps.products.services.tags import tag_changed
from tests.support.factories import product_make, variant_make

pytestmark = pytest.mark.django_db
NAMES = [
    "Copper Whistling Kettle",
    "Enamel Kettle Red",
    "Wireless Noise Cancelling Headphones",
    "Walnut Desk Lamp",
    "Linen Table Cloth",
    "Stainless Steel Water Bottle",
    "Ceramic Coffee Mug",
    "Bamboo Cutting Board",
]


@pytest.fixture
def shop():
    return {
        name: product_create(data={"sku": f"SKU-{number}", "name": name, "price_minor": 100 * number})
        for number, name in enumerate(NAMES, start=1)
    }


def names(response):
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


def found(guest, text, **query):
    return names(guest.get("/api/products/", {"search": text} | query))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("kettle copper", "Copper Whistling Kettle"),
        ("KETTLES COPPER", "Copper Whistling Kettle"),
        ("sku-4", "Walnut Desk Lamp"),
        ("SKU-4", "Walnut Desk Lamp"),
        ("walnut-desk-lamp", "Walnut Desk Lamp"),
        ("wireless headphones", "Wireless Noise Cancelling Headphones"),
        ("steel bottle", "Stainless Steel Water Bottle"),
    ],
)
def test_by_code_and_by_words(shop, guest, text, first):
    assert found(guest, text)[0] == first


def typos(word):
    """Every way in which a slip of the finger changes a word: swapped, missing, doubled, wrong letters."""
    for at in range(1, len(word) - 1):
        yield word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        yield word[:at] + word[at + 1 :]
        yield word[:at] + word[at] + word[at:]
        yield word[:at] + "x" + word[at + 1 :]


@pytest.mark.parametrize("name", NAMES)
def test_one_typo_anywhere_is_forgiven(shop, guest, name):
    words = name.lower().split()
    for index, word in enumerate(words):
        for typo in typos(word) if len(word) >= 4 else ():
            text = " ".join([*words[:index], typo, *words[index + 1 :]])
            assert found(guest, text)[:1] == [name], text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("headphnes", "Wireless Noise Cancelling Headphones"),
        ("wireles", "Wireless Noise Cancelling Headphones"),
        ("ketle", "Copper Whistling Kettle"),
        ("wireless hedphones", "Wireless Noise Cancelling Headphones"),
        ("stainles bottle", "Stainless Steel Water Bottle"),
        ("cofee", "Ceramic Coffee Mug"),
        ("bambo board", "Bamboo Cutting Board"),
        ("lmap walnut", "Walnut Desk Lamp"),
    ],
)
def test_a_typo_in_some_of_the_words_is_forgiven(shop, guest, text, name):
    assert name in found(guest, text)


def test_categories_above_and_tags_are_words_too(guest):
    top = category_create(name="Houseware")
    below = category_create(name="Crockery", parent_id=top.pk)
    product = product_create(
        data={"sku": "A", "name": "Plate", "price_minor": 1, "category_id": below.pk, "tags": ["Wedding"]}
    )
    for text in ("houseware", "crockery", "wedding", "wedding plate"):
        assert found(guest, text) == ["Plate"]
    top.name = "Tableware"
    top.save()
    category_changed(category_id=top.pk)
    tag = product.tags.get()
    tag.name = "Festive"
    tag.save()
    tag_changed(tag_id=tag.pk)
    assert found(guest, "tableware festive") == ["Plate"]
    assert found(guest, "houseware") == found(guest, "wedding") == []


def test_a_variants_sku_finds_its_product(guest):
    product = product_make(stock=None)
    variant = variant_make(product=product)
    assert found(guest, variant.sku) == [product.name]
    Product.objects.filter(pk=product.pk).update(is_active=False)
    assert found(guest, variant.sku) == []


def test_filters_and_orders_hold_within_results(shop, guest):
    assert found(guest, "kettle", ordering="-price") == ["Enamel Kettle Red", "Copper Whistling Kettle"]
    assert found(guest, "kettle", max_price="1.00") == ["Copper Whistling Kettle"]
    assert found(guest, "SKU-4", max_price="1.00") == []


@pytest.mark.parametrize("first", [{"page": 1}, {"cursor": ""}], ids=["by page", "by cursor"])
def test_results_are_paged_without_gaps(guest, first):
    made = {product_make(name="Zebra cup").pk for _ in range(7)}
    body = guest.get("/api/products/", {"search": "zebra", "page_size": 3} | first).json()
    seen = [row["id"] for row in body["results"]]
    while body["next"]:
        body = guest.get(body["next"]).json()
        seen += [row["id"] for row in body["results"]]
    assert (len(seen), set(seen)) == (7, made)


@pytest.mark.parametrize(
    "text",
    ["'", '"', "' or 1=1 --", "a & | !", ":*", "%_%", "\\", "\\'", "(((", "<->", "!", "🫖", "-mug", '"mug" -red', "the",
     "a b c d e f g h i j k l m n o p", "x" * 200, "'''' \\\\", "a:b*c", "or", "mug or kettle"],
)  # fmt: skip
def test_signs_break_nothing(shop, guest, text):
    found(guest, text)
    names(guest.get("/api/products/suggest/", {"q": text}))


def test_operators_of_web_search(shop, guest):
    assert found(guest, '"enamel kettle"') == ["Enamel Kettle Red"]
    assert found(guest, "kettle -enamel") == ["Copper Whistling Kettle"]
    assert set(found(guest, "lamp or mug")) == {"Walnut Desk Lamp", "Ceramic Coffee Mug"}


def test_nonsense_finds_nothing(shop, guest):
    assert found(guest, "zzqqxxjj wwqqzzxx") == []


class TestSuggestions:
    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("c", "Ceramic Coffee Mug"),
            ("cop", "Copper Whistling Kettle"),
            ("COPPER wh", "Copper Whistling Kettle"),
            ("head", "Wireless Noise Cancelling Headphones"),
            ("desk la", "Walnut Desk Lamp"),
            ("walnutt", "Walnut Desk Lamp"),
            ("headphnes", "Wireless Noise Cancelling Headphones"),
            ("wireles hea", "Wireless Noise Cancelling Headphones"),
        ],
    )
    def test_what_is_typed_is_completed(self, shop, guest, text, first):
        assert names(guest.get("/api/products/suggest/", {"q": text}))[0] == first

    def test_shape_and_limit(self, shop, guest):
        body = guest.get("/api/products/suggest/", {"q": "kettle", "limit": 1}).json()
        assert [set(row) for row in body["results"]] == [
            {"id", "slug", "name", "sku", "brand", "price", "currency", "image"}
        ]

    def test_hidden_products_are_not_suggested(self, shop, guest):
        Product.objects.update(is_active=False)
        assert names(guest.get("/api/products/suggest/", {"q": "kettle"})) == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({}, "q"),
            ({"q": " "}, "q"),
            ({"q": "x" * 201}, "q"),
            ({"q": "a\0"}, "q"),
            ({"q": "a", "limit": 0}, "limit"),
            ({"q": "a", "limit": 21}, "limit"),
            ({"q": "a", "limit": "x"}, "limit"),
            ({"q": "a", "limit": "9" * 99}, "limit"),
        ],
    )
    def test_bad_input(self, guest, query, field):
        response = guest.get("/api/products/suggest/", query)
        assert response.status_code == 400
        assert field in response.json()["extra"]["fields"]

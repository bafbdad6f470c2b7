"""What every implementation of the port ``ProductSearch`` does."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.api.pagination import PageNotFound
from apps.products.models import Product
from apps.products.services.categories import category_create
from apps.products.services.products import product_create, product_update
from apps.search.models import QueryRule, SearchSynonym
from meshop_shared.errors import ValidationFailed
from tests.support.factories import variant_make

SHOP = [
    # name, brand, price, stock, attributes, tags, description
    ("Copper Whistling Kettle", "Acme", 3_000, 5, {"colour": "copper", "litres": 2}, ["kitchen gift"], "Boils water."),
    ("Enamel Kettle", "Acme", 2_000, 0, {"colour": "red", "litres": 1.5}, [], "For the stove."),
    ("Walnut Desk Lamp", "Lumen", 9_000, 3, {"colour": "brown", "dimmable": True}, [], "A warm light."),
    ("Brass Floor Lamp", "Lumen", 15_000, 1, {"colour": "gold", "dimmable": False}, ["sale"], "Tall & bright <b>."),
    ("Wireless Noise Cancelling Headphones", "Sonic", 19_900, 9, {"colour": "black"}, [], "Silence anywhere."),
    ("Ceramic Coffee Mug", "Acme", 900, 40, {"colour": "red"}, ["kitchen gift"], "Holds a kettle's last cup."),
    ("Leather Couch", "Sitwell", 90_000, 2, {"colour": "brown"}, [], "Seats three."),
    ("Bamboo Cutting Board", "", 1_700, 7, {"material": "bamboo"}, [], "Hard as wood."),
]  # fmt: skip


@pytest.fixture
def shop(engine):
    """The shop above, known to the engine. Product by name."""
    home = category_create(name="Home")
    categories = {
        "Kettle": category_create(name="Kettles", parent_id=home.pk).pk,
        "Lamp": category_create(name="Lighting", parent_id=home.pk).pk,
        "Headphones": category_create(name="Audio").pk,
    }
    made = {}
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for number, (name, brand, price, stock, attributes, tags, description) in enumerate(SHOP):
        category = next((pk for word, pk in categories.items() if word in name), None)
        made[name] = product_create(
            data={
                "sku": f"AB-{number}00", "name": name, "brand": brand, "price_minor": price, "stock": stock,
                "attributes": attributes, "tags": tags, "description": description, "category_id": category,
            }
        )  # fmt: skip
        moment = start + timedelta(microseconds=number)
        Product.objects.filter(pk=made[name].pk).update(rating=number * 0.7, created_at=moment)
    engine.settle()
    return made


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("copper kettle", "Copper Whistling Kettle"),
        ("KETTLES copper", "Copper Whistling Kettle"),
        ("noise headphones", "Wireless Noise Cancelling Headphones"),
        ("sitwell", "Leather Couch"),
        ("lighting brass", "Brass Floor Lamp"),
        ("stove", "Enamel Kettle"),
        ("bamboo", "Bamboo Cutting Board"),
        ("sale lamp", "Brass Floor Lamp"),
        ("black", "Wireless Noise Cancelling Headphones"),
        ("red kettle", "Enamel Kettle"),
        ("home desk lamp", "Walnut Desk Lamp"),
    ],
)
def test_words_of_every_field(engine, shop, text, first):
    assert engine.names(text)[:1] == [first]


@pytest.mark.parametrize("text", ["AB-200", "ab-200", "walnut-desk-lamp", "Walnut-Desk-Lamp"])
def test_exact_code_first(engine, shop, text):
    product_create(data={"sku": "X", "name": "AB-200 walnut desk lamp poster", "price_minor": 1})
    engine.settle()
    assert engine.names(text)[0] == "Walnut Desk Lamp"


def test_code_of_a_variant_finds_its_product(engine, shop):
    variant_make(product=shop["Leather Couch"], sku="SOFT-9")
    engine.settle()
    assert engine.names("soft-9")[0] == "Leather Couch"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("coper kettle", "Copper Whistling Kettle"), ("ketle copper", "Copper Whistling Kettle"),
        ("headphnoes", "Wireless Noise Cancelling Headphones"), ("wlanut lamp", "Walnut Desk Lamp"),
        ("bambooo", "Bamboo Cutting Board"), ("cerxmic mug", "Ceramic Coffee Mug"),
    ],
)  # fmt: skip
def test_typos_are_forgiven(engine, shop, text, name):
    assert engine.names(text)[0] == name


def test_nothing_is_found_where_nothing_is(engine, shop):
    answer = engine.ask("zzyzx quux")
    assert (answer.ids, answer.count) == ([], 0)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"desk lamp"', {"Walnut Desk Lamp"}),
        ("lamp -brass", {"Walnut Desk Lamp"}),
        ("walnut or bamboo", {"Walnut Desk Lamp", "Bamboo Cutting Board"}),
    ],
)
def test_operators(engine, shop, text, names):
    assert set(engine.names(text)) == names


def test_hidden_products_only_on_demand(engine, shop):
    product_update(product_id=shop["Walnut Desk Lamp"].pk, data={"is_active": False})
    engine.settle()
    assert engine.names("lamp") == ["Brass Floor Lamp"]
    assert engine.names("lamp", is_active="false") == ["Walnut Desk Lamp"]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"category": "home"}, {"Copper Whistling Kettle", "Enamel Kettle", "Walnut Desk Lamp", "Brass Floor Lamp"}),
        ({"category": "kettles"}, {"Copper Whistling Kettle", "Enamel Kettle"}),
        ({"brand": "Lumen"}, {"Walnut Desk Lamp", "Brass Floor Lamp"}),
        ({"min_price": "150", "max_price": "199.00"}, {"Brass Floor Lamp", "Wireless Noise Cancelling Headphones"}),
        ({"tag": "kitchen-gift"}, {"Copper Whistling Kettle", "Ceramic Coffee Mug"}),
        ({"tag": "kitchen gift"}, {"Copper Whistling Kettle", "Ceramic Coffee Mug"}),
        ({"in_stock": "false"}, {"Enamel Kettle"}),
        ({"min_rating": "4"}, {"Leather Couch", "Bamboo Cutting Board"}),
        ({"attr.colour": "red"}, {"Enamel Kettle", "Ceramic Coffee Mug"}),
        ({"attr.litres": "1.5"}, {"Enamel Kettle"}),
        ({"attr.litres": "2.0"}, {"Copper Whistling Kettle"}),
        ({"attr.dimmable": "false"}, {"Brass Floor Lamp"}),
        ({"attr.colour": "brown", "brand": "Lumen"}, {"Walnut Desk Lamp"}),
    ],
)  # fmt: skip
def test_filters(engine, shop, filters, names):
    assert set(engine.names(**filters)) == names


def test_attributes_of_variants_count_as_the_product_s(engine, shop):
    variant_make(product=shop["Leather Couch"], attributes={"size": "XL"})
    engine.settle()
    assert engine.names(**{"attr.size": "XL"}) == ["Leather Couch"]


def test_unknown_category_is_named(engine, shop):
    with pytest.raises(ValidationFailed):
        engine.ask("lamp", category="nowhere")


@pytest.mark.parametrize(
    ("ordering", "key"),
    [
        ("price", lambda p: (p.price_minor, p.pk)), ("-price", lambda p: (-p.price_minor, -p.pk)),
        ("name", lambda p: p.name), ("newest", lambda p: -p.pk), ("rating", lambda p: -p.rating),
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["", "kettle"])
def test_orders(engine, shop, ordering, key, text):
    found = Product.objects.in_bulk(engine.ask(text, ordering=ordering).ids)
    expected = sorted(found.values(), key=key)
    if ordering == "-name":
        expected.reverse()
    assert list(engine.ask(text, ordering=ordering).ids) == [product.pk for product in expected]
    assert len(found) == (len(SHOP) if not text else 3)


@pytest.mark.parametrize("ordering", ["relevance", "price", "-price", "name", "-name", "newest", "rating"])
@pytest.mark.parametrize("text", ["", "lamp or kettle or couch"])
def test_pages_by_number_and_by_cursor_show_the_same_rows(engine, shop, ordering, text):
    whole = engine.ask(text, ordering=ordering)
    by_number = [pk for page in range(1, 5) for pk in _page(engine, text, ordering, page)]
    assert by_number == whole.ids
    by_cursor, back, cursor = [], [], ""
    while cursor is not None:
        answer = engine.ask(text, ordering=ordering, size=3, cursor=cursor)
        by_cursor.append(answer.ids)
        last, cursor = answer, (answer.following or {}).get("cursor")
    assert [pk for ids in by_cursor for pk in ids] == whole.ids
    while last.previous:
        last = engine.ask(text, ordering=ordering, size=3, cursor=last.previous["cursor"])
        back.insert(0, last.ids)
    assert back == by_cursor[:-1]


def _page(engine, text, ordering, page):
    try:
        return engine.ask(text, ordering=ordering, page=page, size=3).ids
    except PageNotFound:
        return []


def test_page_after_the_last_is_not_there(engine, shop):
    with pytest.raises(PageNotFound):
        engine.ask("lamp", page=2)


@pytest.mark.parametrize("cursor", ["x", "AAAA", "ey" * 40])
def test_cursors_are_ours_alone(engine, shop, cursor):
    with pytest.raises(ValidationFailed):
        engine.ask("lamp", cursor=cursor)


def test_a_cursor_belongs_to_its_order(engine, shop):
    cursor = engine.ask(ordering="price", size=2, cursor="").following["cursor"]
    with pytest.raises(ValidationFailed):
        engine.ask(ordering="-price", size=2, cursor=cursor)


def test_facets_count_all_matches(engine, shop):
    facets = engine.ask("lamp or kettle", facets=True).facets
    categories = {one["slug"]: one["count"] for one in facets["category"]}
    assert categories == {"home": 4, "kettles": 2, "lighting": 2}
    assert {one["slug"]: one["parent_id"] is None for one in facets["category"]}["kettles"] is False
    assert facets["brand"] == [{"value": "Acme", "count": 3}, {"value": "Lumen", "count": 2}]
    assert [(one["min"], one["max"], one["count"]) for one in facets["price"]] == [
        ("5.00", "9.99", 1), ("10.00", "24.99", 1), ("25.00", "49.99", 1), ("50.00", "99.99", 1),
        ("100.00", "249.99", 1),
    ]  # fmt: skip
    assert facets["in_stock"] == [{"value": True, "count": 4}, {"value": False, "count": 1}]
    assert facets["rating"] == [
        {"min": 3, "count": 1}, {"min": 2, "count": 2}, {"min": 1, "count": 3},
    ]  # fmt: skip
    attributes = {
        one["name"]: {value["value"]: value["count"] for value in one["values"]}
        for one in facets["attributes"]
    }
    assert attributes["colour"] == {"red": 2, "copper": 1, "brown": 1, "gold": 1}
    assert attributes["dimmable"] == {True: 1, False: 1}
    assert attributes["litres"] == {2: 1, 1.5: 1}


def test_a_facet_ignores_its_own_filter_and_obeys_the_others(engine, shop):
    filters = {"brand": "Acme", "attr.colour": "red", "max_price": "25"}
    answer = engine.ask(facets=True, **filters)
    facets = answer.facets
    assert answer.count == 2
    assert {one["value"]: one["count"] for one in facets["brand"]} == {"Acme": 2}
    values = {
        one["name"]: {value["value"]: value["count"] for value in one["values"]}
        for one in facets["attributes"]
    }
    assert values["colour"] == {"red": 2}
    assert values["litres"] == {1.5: 1}
    assert sum(one["count"] for one in facets["price"]) == 2
    one_filter = engine.ask(facets=True, brand="Acme").facets
    assert {one["value"]: one["count"] for one in one_filter["brand"]} == {
        "Acme": 3,
        "Lumen": 2,
        "Sitwell": 1,
        "Sonic": 1,
    }
    assert sum(one["count"] for one in one_filter["price"]) == 3
    colours = engine.ask(facets=True, **{"attr.colour": "red"}).facets["attributes"]
    colour = next(one for one in colours if one["name"] == "colour")
    assert {value["value"]: value["count"] for value in colour["values"]}["brown"] == 2


def test_highlights_mark_words_and_escape_the_rest(engine, shop):
    answer = engine.ask("bright lamp", highlights=True)
    marked = answer.highlights[shop["Brass Floor Lamp"].pk]
    assert marked["name"] == "Brass Floor <em>Lamp</em>"
    assert marked["description"].startswith("Tall &amp; <em>bright</em> ")
    assert "<b>" not in marked["description"]


@pytest.mark.parametrize(
    ("text", "better"), [("wireles ketle", "wireless kettle"), ("lamp", None), ("bambooo", "bamboo")]
)
def test_did_you_mean(engine, shop, text, better):
    assert engine.ask(text).did_you_mean == better


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("wal", "Walnut Desk Lamp"), ("Walnut De", "Walnut Desk Lamp"), ("floor la", "Brass Floor Lamp"),
        ("noise can", "Wireless Noise Cancelling Headphones"), ("lea", "Leather Couch"),
    ],
)  # fmt: skip
def test_completion(engine, shop, text, first):
    assert engine.search.suggest(text=text, limit=5)[0][:1] == [shop[first].pk]


def test_completion_shows_nothing_hidden(engine, shop):
    product_update(product_id=shop["Leather Couch"].pk, data={"is_active": False})
    engine.settle()
    assert engine.search.suggest(text="lea", limit=5)[0] == []


def test_synonyms_work_both_ways_and_at_once(engine, shop):
    assert engine.names("sofa") == []
    SearchSynonym.objects.create(rule="sofa, couch, settee")
    SearchSynonym.objects.create(rule="ear muffs => headphones")
    engine.settle()
    assert engine.names("sofa") == engine.names("leather settee") == ["Leather Couch"]
    assert engine.names("ear muffs") == ["Wireless Noise Cancelling Headphones"]
    SearchSynonym.objects.all().delete()
    engine.settle()
    assert engine.names("sofa") == []


def test_pins_come_first_in_their_order_but_obey_filters(engine, shop):
    for position, name in ((2, "Brass Floor Lamp"), (1, "Leather Couch")):
        QueryRule.objects.create(query="kettle", product=shop[name], position=position)
    names = engine.names("Kettle")
    assert names[:2] == ["Leather Couch", "Brass Floor Lamp"]
    assert len(names) == 5
    assert engine.names("kettle", brand="Acme") == names[2:]
    assert engine.names("kettle copper") == ["Copper Whistling Kettle"]


def test_boosts_lift_and_sink(engine, shop):
    natural = engine.names("lamp")
    QueryRule.objects.create(query="lamp", product=shop[natural[-1]], boost=50)
    assert engine.names("lamp") == natural[::-1]
    QueryRule.objects.update(boost=0.02)
    assert engine.names("lamp") == natural

"""What the assistant reads out of a message, and which article it takes it to mean."""

import pytest

from chatbot.fitting import model_fit
from chatbot.language import masked
from chatbot.matching import chosen, matches_of
from chatbot.model import IntentModel
from chatbot.phrasings import heldout, known_words, phrasings_make
from chatbot.policies import policy_find
from chatbot.replies import Reply, Source, plain
from chatbot.slots import Said
from chatbot.train import judged

KETTLES = [
    {"id": number, "name": name, "brand": "", "category": None, "tags": [], "attributes": {}, "variants": []}
    for number, name in enumerate(["Copper Kettle", "Steel Kettle", "Copper Kettle Large", "Teapot 2"], 1)
]
NUMBER = "01J9ZC2M5T8K4XQ7W3VN"


@pytest.fixture(scope="module")
def model() -> IntentModel:
    return model_fit(phrasings_make(seed=1), seed=1)


def test_it_understands_what_it_never_learned(model):
    figures = judged(model.understand_words)
    assert figures["accuracy"] > 0.9
    assert len(heldout()) >= 100


def test_the_same_seed_gives_the_same_bytes(model):
    again = model_fit(phrasings_make(seed=1), seed=1)
    assert again.dumps() == model.dumps()
    loaded = IntentModel.loads(model.dumps())
    assert loaded.understand("where is my order").intent == "order_status"


def test_names_of_articles_do_not_decide(model):
    assert model.understand("how much is the Zorbit 3f2b56 stool?").intent == "product_info"
    for name in ("kettle", "Zorbit Flurbish 3000", "wool socks", "3f2b56 stool"):
        assert model.understand(f"please add a {name} to my cart").intent == "cart_add"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"cancel {NUMBER}", ["cancel", "ordernum"]),
        ("cancle my oredr", ["cancel", "my", "order"]),
        (
            "put 2 3f2b56 and an MP3 in my cart",
            ["put", "num", "thing", "and", "an", "thing", "in", "my", "cart"],
        ),
        ("put x3 500ml in my cart", ["put", "num", "num", "thing", "in", "my", "cart"]),
        ("put 3x Zorbit mats in my crat", ["put", "num", "thing", "in", "my", "cart"]),
    ],
)
def test_messages_are_masked(text, words):
    assert masked(text, known_words()) == words


@pytest.mark.parametrize(
    ("text", "name", "quantity"),
    [
        ("add 3 kettles", "Copper Kettle", 3),
        ("add three of the kettles", "Copper Kettle", 3),
        ("a dozen kettles", "Copper Kettle", 12),
        ("3x kettle", "Copper Kettle", 3),
        ("one kettle please", "Copper Kettle", 1),
        ("add a teapot 2", "Teapot 2", None),
        ("add 2 teapot 2", "Teapot 2", 2),
        ("the second one", "Copper Kettle", None),
        ("four kettles instead of two", "Copper Kettle", 4),
        ("a kettle under 50 pounds", "Copper Kettle", None),
        (f"return {NUMBER}", "Copper Kettle", None),
    ],
)
def test_quantities(text, name, quantity):
    assert Said(text).quantity(name) == quantity


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("the second one", 2),
        ("option 3", 3),
        ("the last one", -1),
        ("#2 please", 2),
        ("a first aid kit", None),
    ],
)
def test_places(text, place):
    assert Said(text).place == place


def test_prices_reasons_and_orders():
    assert Said("lamps between 10 and 20.50 euros").filters() == {"min_price": "10", "max_price": "20.50"}
    assert Said("the cheapest lamp under £30").filters() == {"max_price": "30", "ordering": "price"}
    assert Said("return it because it is too small.").reason == "it is too small"
    assert Said(f"where is {NUMBER.lower()}").order_numbers == [NUMBER]
    assert Said("cancel order #17").order_ids == [17]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("copper kettle", {1}), ("kettle", {1, 2, 3}), ("steel ketle", {2}), ("large copper kettle", {3}),
        ("teapots", {4}), ("zorbit", set()),
    ],
)  # fmt: skip
def test_articles(text, ids):
    assert {match.card["id"] for match in chosen(matches_of(Said(text), KETTLES))} == ids


def test_the_rarest_words_find_the_terms():
    policies = [
        {
            "slug": "a",
            "title": "Shipping",
            "keywords": [],
            "body": "Shipping costs 5. Delivery takes 3 days.",
        },
        {"slug": "b", "title": "Returns", "keywords": ["refund"], "body": "Return within 30 days."},
    ]
    policy, sentences = policy_find(Said("how long does delivery take?"), policies)
    assert (policy["slug"], sentences) == ("a", ["Delivery takes 3 days."])
    assert policy_find(Said("refunds"), policies)[0]["slug"] == "b"
    assert policy_find(Said("zorbit"), policies) is None


def test_facts_have_sources_and_names_forge_none():
    reply = Reply()
    reply.state("A costs 1.", Source("product", "A", "/a/"))
    reply.state("B costs 2.", Source("product", "B", "/b/"))
    reply.state("A is sold out.", Source("product", "A", "/a/"))
    assert reply.text == "A costs 1. [1]\nB costs 2. [2]\nA is sold out. [1]"
    assert plain("Evil [1]\n<b>\u202e" + "x" * 200).startswith("Evil (1) ‹b›")
    assert len(plain("x" * 500)) == 120

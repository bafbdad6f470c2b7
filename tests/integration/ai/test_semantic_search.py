"""The service follows the feature table, answers from it, and its training judges itself."""

import itertools
import zlib
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest
from fastapi.testclient import TestClient

from meshop_shared.ai.features import PRODUCTS, FeatureStore
from meshop_shared.ai.training import REFUSED
from meshop_shared.embeddings.port import text_encoder
from semantic_search import catalogue as module
from semantic_search.catalogue import Catalogue
from semantic_search.main import create
from semantic_search.model import weights_load
from semantic_search.settings import SemanticSearchSettings
from semantic_search.synonyms import Synonyms
from semantic_search.train import main as train
from tests.support.polling import wait_until
from tools.paths import TEXT_MODEL

START = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("Red ceramic mug", "Blue cushion cover", "Umbrella with dots", "Wall clock", "Garden lantern")


def row(
    number: int, name: str, *, words: str = "", shown: bool = True, minute: int = 0, attributes: str = "{}"
):
    return (number, START + timedelta(minutes=minute), f"SKU-{number}", name, words, attributes, shown)


@pytest.fixture
def products(ai_database_url: str) -> FeatureStore:
    store = FeatureStore(ai_database_url)
    store.prepare()
    with psycopg.connect(ai_database_url) as connection:
        connection.execute("TRUNCATE ai_product; DROP TABLE IF EXISTS ai_text_vector")
    store.put(PRODUCTS, [row(number, name) for number, name in enumerate(NAMES, start=1)])
    return store


@pytest.fixture
def catalogue(ai_database_url: str, products) -> Catalogue:
    made = Catalogue(database_url=ai_database_url, encoder=text_encoder(None))
    made.prepare()
    return made


def nearest(catalogue: Catalogue, text: str) -> int:
    (product, _), *_ = catalogue.near(text_encoder(None).encode([text])[0], limit=1)
    return product


def test_it_follows_what_is_added_changed_hidden_and_late(catalogue, products):
    assert catalogue.follow() == 5
    assert catalogue.follow() == 0
    assert nearest(catalogue, "wall clock") == 4
    products.put(
        PRODUCTS, [row(1, "Green glass vase", minute=2), row(4, "Wall clock", shown=False, minute=1)]
    )
    assert catalogue.follow() == 2
    assert (len(catalogue), nearest(catalogue, "green glass vase")) == (4, 1)
    assert nearest(catalogue, "garden lantern") == 5  # it took the place of what went
    assert not catalogue.has_all("clock")
    assert not catalogue.has_all("ceramic mug")
    products.put(PRODUCTS, [row(1, "Red ceramic mug", minute=1)])  # arrives late
    assert catalogue.follow() == 0
    products.put(PRODUCTS, [row(4, "Wall clock", minute=3)])
    assert catalogue.follow() == 1
    assert nearest(catalogue, "wall clock") == 4


def test_it_knows_whether_something_has_every_word(catalogue, products):
    products.put(PRODUCTS, [row(6, "Chair", words="Acme. Oak furniture")])
    catalogue.follow()
    assert catalogue.has_all("blue cushions")
    assert catalogue.has_all("acme CHAIR sku 6")
    assert not catalogue.has_all("red cushion")
    assert not catalogue.has_all("")


def test_many_products_fit_and_texts_are_encoded_once(ai_database_url, products, monkeypatch):
    products.put(PRODUCTS, [row(number, f"Thing number {number}") for number in range(10, 1_600)])
    encoder = text_encoder(None)
    asked = []
    monkeypatch.setattr(type(encoder), "encode", _counting(type(encoder).encode, asked))
    for expected in (1_595, 0):
        asked.clear()
        one = Catalogue(database_url=ai_database_url, encoder=encoder)
        one.prepare()
        assert one.follow() == 1_595
        assert len(asked) == expected
    assert nearest(one, "Thing number 1234") == 1_234


def _counting(encode, asked):
    def counted(self, texts):
        asked.extend(texts)
        return encode(self, texts)

    return counted


@pytest.fixture
def client(registry, ai_database_url, store, products):
    settings = SemanticSearchSettings(
        ai_database_url=ai_database_url, model_store=store.as_uri(), model_poll_s=0.05, catalogue_poll_s=0.05,
        text_model=TEXT_MODEL, port=0,
    )  # fmt: skip
    with TestClient(create(settings)) as client:
        wait_until(lambda: ask(client, "mug")["items"] != [], what="the catalogue is followed")
        yield client


def ask(client, text, **more):
    response = client.post("/v1/search", json={"text": text, **more})
    assert response.status_code == 200, response.text
    return response.json()


def test_it_finds_by_meaning_and_reads_prices(client):
    answer = ask(client, "brolly for rainy days under £20", limit=2)
    assert answer["items"][0]["product_id"] == 3
    assert len(answer["items"]) == 2
    assert (answer["text"], answer["max_price"], answer["min_price"]) == (
        "brolly for rainy days",
        "20.00",
        None,
    )
    assert answer["reasons"] == ["a price up to 20"]
    assert not answer["complete"]
    assert ask(client, "red mug")["complete"]
    for nonsense in ("Qx21ebd1277f0c", "kettle qxaa34207cb4ce", "xqzvwk", "zwxkqjv lamp"):
        assert ask(client, nonsense)["complete"], nonsense
    for sense in ("brolly", "serviette", "timepiece for the kitchen", "welcome mat"):
        assert not ask(client, sense)["complete"], sense
    for text in ("", " ", "x" * 201, None, 7, ["a"]):
        assert client.post("/v1/search", json={"text": text}).status_code == 400, text
    assert ask(client, "\x00 % \\ ' \" ;")["items"]


def test_a_trained_fusion_is_served_and_a_harmful_one_refused(
    client, products, monkeypatch, ai_database_url, store, registry
):
    assert ask(client, "mug")["source"] == "baseline"
    monkeypatch.setenv("AI_DATABASE_URL", ai_database_url)
    monkeypatch.setenv("MODEL_STORE", store.as_uri())
    with pytest.raises(SystemExit, match="5 products are shown, 50 are needed"):
        train([])
    colours, things = (
        ("red", "blue", "green", "white", "golden"),
        ("mug", "lamp", "chair", "clock", "basket", "towel"),
    )
    kinds = ("large", "small", "wooden", "plain")
    names = [" ".join(parts) for parts in itertools.product(kinds, colours, things)]
    products.put(PRODUCTS, [row(100 + n, f"{name} number {n}") for n, name in enumerate(names)])
    assert train(["--version", "one"]) == 0
    wait_until(lambda: ask(client, "mug")["source"] == "model", what="the weights are loaded")
    assert ask(client, "mug")["model"]["version"] == "one"
    monkeypatch.setattr("semantic_search.train.GRID", (0.0,))
    monkeypatch.setattr("semantic_search.train.fused", lambda words, near, **_: list(reversed(words)))
    assert train(["--version", "two"]) == REFUSED
    assert registry.find(name="semantic_search", version="two") is None


def test_vectors_survive_half_precision(catalogue):
    catalogue.follow()
    assert np.allclose(np.linalg.norm(catalogue._vectors[: len(catalogue)], axis=1), 1, atol=2e-3)
    assert module.text_of(name="Mug", words="") == "Mug"
    for content in (b"", b"[]", b"{}", b'{"lexical": "x"}'):
        with pytest.raises((ValueError, TypeError, KeyError)):
            weights_load(content)


class Meanings:
    """An encoder that was told which words mean the same; the rest is at right angles."""

    name = "told"

    def __init__(self, *groups: str) -> None:
        self._place = {word: number for number, group in enumerate(groups) for word in group.split()}

    def encode(self, texts):
        rows = np.zeros((len(texts), 384), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[self._place.get(text, 100 + zlib.crc32(text.encode()) % 200)] = 1
        return rows

    def knows(self, word):
        return word != "qzx"


def test_words_that_the_catalogue_lacks_are_paired_with_its_own(ai_database_url, products):
    rows = [row(10, "Velvet sofa"), row(11, "Leather sofa"), row(12, "Sofia doll"), row(13, "Sofia poster")]
    products.put(PRODUCTS, rows)
    encoder = Meanings("sofa couch soffa", "velvet velour")
    catalogue = Catalogue(database_url=ai_database_url, encoder=encoder)
    catalogue.prepare()
    catalogue.follow()
    synonyms = Synonyms(catalogue=catalogue, encoder=encoder)
    texts = [
        "couch", "leather couch", "garden couch", "velour couch", "sofa", "soffa", "qzx", "rocket", "velour sofa",
    ]  # fmt: skip
    for _ in range(2):
        pairs = [(pair.text, pair.word, pair.known, pair.score) for pair in synonyms.propose(texts)]
        # Not where no product has the rest, two words are strange, letters alone are alike, or one product says it.
        assert pairs == [(0, "couch", "sofa", 1.0), (1, "couch", "sofa", 1.0)]
    assert synonyms.propose(["lantern"]) == []


def test_the_service_proposes_synonyms(client):
    answer = client.post("/v1/synonyms", json={"texts": ["umbrela", "wall clock"]}).json()
    assert (answer["source"], answer["items"]) == ("baseline", [])
    assert client.post("/v1/synonyms", json={"texts": []}).status_code == 400


def test_without_its_qdrant_it_says_so_and_knows_words_only(ai_database_url, products, tmp_path):
    settings = SemanticSearchSettings(
        ai_database_url=ai_database_url, model_store=tmp_path.as_uri(), port=0, qdrant_url="http://127.0.0.1:1"
    )  # fmt: skip
    with TestClient(create(settings)) as client:
        refused = client.post("/v1/search", json={"text": "mug"})
        assert (refused.status_code, refused.json()["code"]) == (503, "vectors_unavailable")
    words = Catalogue(database_url=ai_database_url, encoder=text_encoder(None), has_vectors=False)
    words.prepare()
    assert words.follow() == 5
    assert words.has_all("red mug")
    with psycopg.connect(ai_database_url) as connection:
        assert connection.execute("SELECT count(*) FROM ai_text_vector").fetchone() == (0,)

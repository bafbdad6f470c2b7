"""The whole way: train on the sales, publish, serve, ask, and find the answer in the log."""

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient

from meshop_shared.ai.features import SALES, FeatureStore
from meshop_shared.ai.training import REFUSED
from recommendations.features import Parameters
from recommendations.main import create
from recommendations.train import main as train
from tests.support.ai import ai_settings
from tests.support.polling import wait_until
from tests.support.shop_history import shop_lines

JSON = {"content-type": "application/json"}


@pytest.fixture
def sales(ai_database_url: str) -> None:
    """A small shop's orders in the feature table, with some that are no sales to learn from."""
    store = FeatureStore(ai_database_url)
    store.prepare()
    rows = [
        (
            number, int(line.basket[1:]), int(line.customer[1:]), line.sku, line.name, "",
            datetime.fromordinal(line.day).replace(tzinfo=UTC), int(line.quantity), round(line.price * 100), False,
        )
        for number, line in enumerate(shop_lines())
    ]  # fmt: skip
    guest, cancelled = list(rows[0]), list(rows[0])
    guest[0], guest[2], guest[3] = -1, None, "GUEST"
    cancelled[0], cancelled[3], cancelled[-1] = -2, "CANCELLED", True
    assert store.put(SALES, [*rows, tuple(guest), tuple(cancelled)]) == len(rows) + 2


@pytest.fixture
def trainable(monkeypatch: pytest.MonkeyPatch, registry, ai_database_url: str, store: Path) -> None:
    monkeypatch.setenv("AI_DATABASE_URL", ai_database_url)
    monkeypatch.setenv("MODEL_STORE", store.as_uri())


@pytest.fixture
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The little shop is no contest between methods; what is tested is the way."""
    monkeypatch.setattr("meshop_shared.ai.training.Requirement.broken", lambda *_: None)
    monkeypatch.setattr("recommendations.fitting.Parameters", lambda: Parameters(trees=10))


def test_published_model_is_served_without_a_restart(
    trainable, easy, registry, ai_database_url, store, sales, capsys
):
    with TestClient(create(ai_settings(ai_database_url, store))) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        empty = client.post("/v1/for-you", json={}).json()
        assert (empty["source"], empty["model"], empty["items"]) == ("baseline", None, [])

        assert train(["--version", "first"]) == 0
        wait_until(lambda: client.get("/v1/model").json()["model"] is not None, what="the model is loaded")
        bought = [{"sku": "10000", "order": 1, "days_ago": 3, "quantity": 2, "price": 1.5}]
        answer = client.post(
            "/v1/for-you", json={"bought": bought, "viewed": ["10301"], "limit": 8, "exclude": ["10001"]}
        ).json()
        row = registry.find(name="recommendations")
        assert answer["source"] == "model"
        assert answer["model"] == {"name": "recommendations", "version": "first", "digest": row.digest}
        skus = [item["sku"] for item in answer["items"]]
        assert len(skus) == len(set(skus)) == len(answer["reasons"]) == 8
        assert not {"10000", "10001", "10301", "GUEST", "CANCELLED"} & set(skus)
        for path, question in {
            "similar": {"sku": "10000"},
            "bought-together": {"sku": "10000"},
            "cart": {"skus": ["10000", "10001"]},
        }.items():
            assert client.post(f"/v1/{path}", json=question).json()["items"], path
        own = [("10000", 30), ("10001", 40), ("10003", 50), ("10005", 60), ("10006", 70), ("10000", 80)]
        for last_days, comes_again in ((30, True), (3, False)):
            own[0] = ("10000", last_days)
            bought = [
                {"sku": sku, "order": number, "days_ago": days, "quantity": 2, "price": 1.5}
                for number, (sku, days) in enumerate(own)
            ]
            again = client.post("/v1/for-you", json={"bought": bought, "again": True}).json()
            assert ("10000" in [item["sku"] for item in again["items"]]) is comes_again

    with psycopg.connect(ai_database_url) as connection:
        logged = connection.execute(
            "SELECT operation, source, model_version, answer FROM ai_decision ORDER BY id"
        ).fetchall()
    assert [row[0] for row in logged] == [
        "for_you",
        "for_you",
        "similar",
        "bought_together",
        "cart",
        "for_you",
        "for_you",
    ]
    assert logged[0][1:3] == ("baseline", None)
    assert logged[1][1:3] == ("model", "first")
    assert [item["sku"] for item in logged[1][3]["items"]] == skus


def test_the_same_data_and_seed_give_the_same_digest(trainable, easy, registry, sales):
    assert train(["--version", "a", "--no-promote"]) == 0
    assert train(["--version", "b", "--no-promote"]) == 0
    first, second = (registry.find(name="recommendations", version=version) for version in "ab")
    assert (first.digest, first.data_digest) == (second.digest, second.data_digest)
    assert registry.find(name="recommendations") is None
    assert "**this model**" in first.card


def test_a_model_that_is_no_better_is_refused(trainable, registry, store, sales, monkeypatch, capsys):
    monkeypatch.setattr(
        "recommendations.train.Requirement.broken",
        lambda *_: "recall 0.0100 is less than 1.2 × item-kNN = 0.1200",
    )
    assert train([]) == REFUSED
    assert "refused" in capsys.readouterr().err
    assert registry.find(name="recommendations") is None
    assert not store.exists()


def test_a_shop_without_customers_is_told_so(trainable, ai_database_url, tmp_path):
    FeatureStore(ai_database_url).prepare()
    with psycopg.connect(ai_database_url) as connection:
        connection.execute("TRUNCATE ai_sale")
    with pytest.raises(SystemExit, match="only 0 customers"):
        train([])
    file = tmp_path / "lines.csv"
    file.write_text(
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID\n"
        "7,10000,LAMP,1,2026-01-01 10:00:00,2.5,A\n"
    )
    with pytest.raises(SystemExit, match="only 0 customers"):
        train(["--data", str(file)])


def test_hostile_questions_are_refused(registry, ai_database_url, store):
    with TestClient(create(ai_settings(ai_database_url, store))) as client:
        line = {"sku": "1", "order": 1, "days_ago": 1, "quantity": 1, "price": 1}
        for body in (
            {"limit": 0}, {"limit": 10**9}, {"bought": "all"}, {"bought": [{**line, "quantity": -1}]},
            {"bought": [{**line, "days_ago": "NaN"}]}, {"bought": [{**line, "price": 1e300}]}, {"unknown": 1},
            {"exclude": ["x" * 1000]}, {"viewed": [None]}, {"viewed": ["a\x00b"]}, {"exclude": [" "]},
            {"bought": [line] * 5001}, [], None, 7,
        ):  # fmt: skip
            refused = client.post("/v1/for-you", json=body)
            assert refused.status_code == 400, body
            assert refused.json()["code"] == "validation_error"
        surrogate = client.post("/v1/cart", content=b'{"skus": ["\\ud800"]}', headers=JSON)
        assert surrogate.status_code == 400
        assert client.post("/v1/cart", json={"skus": []}).status_code == 400
        assert client.post("/v1/for-you", content=b"{", headers=JSON).json()["code"] == "malformed_body"

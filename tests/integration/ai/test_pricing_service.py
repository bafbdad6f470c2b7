"""The pricing service with a model of the shop's sales, and its training on the feature tables."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from dynamic_pricing.history import history_read
from dynamic_pricing.main import create
from dynamic_pricing.train import main, model_fit
from meshop_shared.ai.features import PRICES, SALES, FeatureStore
from meshop_shared.ai.registry import RegisteredModel, Registry
from meshop_shared.ai.store import artefact_put, digest_of
from tests.support.ai import ai_settings
from tests.support.polling import wait_until

LAST = datetime(2026, 5, 31, 10, tzinfo=UTC)
ARTICLE = {"sku": "A", "recent": [1_009], "cost": 500, "stock": 90, "floor": 600, "cap": 2_000}


@pytest.fixture
def tables(ai_database_url: str) -> FeatureStore:
    """Sixty days of two articles whose prices moved."""
    store = FeatureStore(ai_database_url)
    store.prepare()
    with store._connection() as connection:
        connection.execute("TRUNCATE ai_sale, ai_price")
    rng, sales, prices = np.random.default_rng(1), [], []
    for day in range(60):
        at = LAST - timedelta(days=59 - day)
        for number, (sku, elasticity) in enumerate((("A", 1.5), ("B", 3.0))):
            price = round(1_000 * float(np.exp(rng.normal(0, 0.1))))
            prices.append((2 * day + number, sku, at - timedelta(hours=9), price))
            units = int(rng.poisson(30 * (price / 1_000) ** -elasticity))
            line = 2 * day + number
            sales.append((line, line, None, sku, sku, "lamps", at, units, price, False))
    store.put(SALES, sales)
    store.put(PRICES, prices)
    return store


@pytest.fixture
def client(ai_database_url: str, store: Path, registry: Registry) -> Iterator[TestClient]:
    with TestClient(create(ai_settings(ai_database_url, store, service="dynamic_pricing"))) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        yield client


def ask(client, *articles, seed=1):
    answer = client.post("/v1/propose", json={"articles": list(articles), "seed": seed})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_without_a_model_prices_stay(client):
    answer = ask(client, ARTICLE)
    assert (answer["source"], answer["model"]) == ("baseline", None)
    assert answer["reasons"] == ["No model is trained: prices stay as they are."]
    assert answer["items"][0]["price"] == 1_009


def test_a_model_of_the_shops_sales_proposes_with_reasons(client, registry, store, tables):
    history = history_read(tables)
    assert history is not None
    assert history.skus == ("A", "B")
    content = model_fit(history).dumps()
    address = artefact_put(store=store.as_uri(), name="dynamic_pricing", version="one", content=content)
    registry.register(
        RegisteredModel(
            name="dynamic_pricing", version="one", digest=digest_of(content), artefact=address,
            data_digest=history.digest(), seed=1, metrics={}, card="",
        )
    )  # fmt: skip
    registry.promote(name="dynamic_pricing", version="one")
    wait_until(lambda: client.get("/v1/model").json()["model"] is not None)
    answer = ask(client, ARTICLE, {**ARTICLE, "sku": "B"}, {**ARTICLE, "sku": "unknown"})
    assert (answer["source"], answer["model"]["digest"]) == ("model", digest_of(content))
    first, second, unknown = answer["items"]
    assert first["elasticity"] < second["elasticity"]
    assert first["elasticity_low"] < 1.5 < first["elasticity_high"] + 0.5
    assert first["price"] > 1_009
    assert all(item["reasons"] for item in answer["items"])
    assert unknown["price"] == 1_009
    assert ask(client, ARTICLE) == ask(client, ARTICLE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"recent": []},
        {"recent": [0]},
        {"cost": -1},
        {"stock": -1},
        {"step": 0},
        {"ending": 10},
        {"customer": "ada"},
    ],
)
def test_wrong_questions_are_refused(client, wrong):
    refused = client.post("/v1/propose", json={"articles": [{**ARTICLE, **wrong}], "seed": 1})
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")


def test_training_needs_sales(ai_database_url, monkeypatch, tables):
    monkeypatch.setenv("AI_DATABASE_URL", ai_database_url)
    with tables._connection() as connection:
        connection.execute("TRUNCATE ai_sale, ai_price")
    with pytest.raises(SystemExit, match="no article was sold often enough"):
        main(["--dry-run"])

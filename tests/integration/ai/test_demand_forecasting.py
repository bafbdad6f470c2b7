"""The whole way: train on the sales, publish, serve, ask, and find the answer in the log."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient

from demand_forecasting.main import create
from demand_forecasting.train import main as train
from meshop_shared.ai.features import SALES, STOCK, FeatureStore
from meshop_shared.ai.training import REFUSED
from tests.support.ai import ai_settings
from tests.support.polling import wait_until
from tests.support.shop_demand import shop_sales

WEEKS = 30


@pytest.fixture(scope="module")
def sales(ai_database_url: str) -> date:
    """Orders up to yesterday, with some that are no sales; the last day."""
    store = FeatureStore(ai_database_url)
    store.prepare()
    listed = list(shop_sales(weeks=WEEKS))
    last = datetime.now(UTC).date() - timedelta(days=1)
    shift = last.toordinal() - max(sale.day for sale in listed)
    rows = [
        (
            number, number, None, sale.sku, sale.name, sale.category,
            datetime.fromordinal(sale.day + shift).replace(tzinfo=UTC), int(sale.quantity),
            round(sale.price * 100), False,
        )
        for number, sale in enumerate(listed)
    ]  # fmt: skip
    cancelled, free, today = list(rows[0]), list(rows[0]), list(rows[0])
    cancelled[0], cancelled[3], cancelled[-1] = -1, "CANCELLED", True
    free[0], free[3], free[-2] = -2, "FREE", 0
    today[0], today[3], today[6] = -3, "TODAY", datetime.now(UTC)
    store.put(SALES, [*rows, tuple(cancelled), tuple(free), tuple(today)])
    early, lately = (datetime.combine(last - timedelta(days=days), time(12), tzinfo=UTC) for days in (200, 5))
    store.put(STOCK, [(1, "S002", early, 9_000), (2, "S002", lately, -9_000)])
    return last


@pytest.fixture
def trainable(
    monkeypatch: pytest.MonkeyPatch, registry, ai_database_url: str, store: Path, sales: date
) -> date:
    monkeypatch.setenv("AI_DATABASE_URL", ai_database_url)
    monkeypatch.setenv("MODEL_STORE", store.as_uri())
    return sales


def question(*keys: str, **changes: object) -> dict:
    items = [{"key": key, "recent": [4, 6, 8, 6]} for key in keys]
    return {"items": items, "first_day": datetime.now(UTC).date().isoformat(), "needs": True} | changes


def test_published_forecasts_are_served_without_a_restart(trainable, ai_database_url, store, capsys):
    with TestClient(create(ai_settings(ai_database_url, store))) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        before = client.post("/v1/forecast", json=question("S001")).json()
        assert (before["source"], before["model"]) == ("baseline", None)
        assert before["items"][0]["method"] == "seasonal_naive"
        assert [week["units"] for week in before["items"][0]["weeks"]] == [6, 6, 6, 6]

        assert train(["--version", "1", "--cutoffs", "2"]) == 0
        wait_until(lambda: client.get("/v1/model").json()["model"] is not None)
        answer = client.post(
            "/v1/forecast", json=question("S001", "new", "TODAY", "CANCELLED", "FREE")
        ).json()
        assert (answer["source"], answer["model"]["version"]) == ("model", "1")
        assert answer["last_day"] == trainable.isoformat()
        assert [item["source"] for item in answer["items"]] == ["model", *["baseline"] * 4]
        known = answer["items"][0]
        assert known["method"] == "ensemble"
        assert known["reasons"][0].startswith("It sold ")
        assert [week["start"] for week in known["weeks"]] == [
            (trainable + timedelta(days=1, weeks=ahead)).isoformat() for ahead in range(4)
        ]
        assert all(0 <= week["low"] <= week["units"] <= week["high"] for week in known["weeks"])
        assert len(known["needs"]) == 4
        assert len(known["needs"][0]) == len(answer["levels"])

        empty = client.post("/v1/forecast", json=question("S002")).json()["items"][0]
        assert any("sold out on 5 of the last 28 days" in sentence for sentence in empty["reasons"])

        cups = client.post("/v1/forecast", json=question("cups", kind="category")).json()["items"][0]
        keys = [f"S{number:03}" for number in range(3, 60, 3)]
        parts = client.post("/v1/forecast", json=question(*keys)).json()["items"]
        total = sum(part["weeks"][0]["units"] for part in parts)
        assert cups["weeks"][0]["units"] == pytest.approx(total, abs=0.05 * len(keys) + 0.1)
    with psycopg.connect(ai_database_url) as connection:
        rows = connection.execute("SELECT source, model_version FROM ai_decision ORDER BY id").fetchall()
    assert rows[:2] == [("baseline", None), ("model", "1")]
    assert "| ses |" in capsys.readouterr().out


def test_weeks_that_are_over_are_left_out_and_a_model_of_last_season_says_nothing(
    trainable, ai_database_url, store
):
    assert train(["--version", "2", "--cutoffs", "2"]) == 0
    with TestClient(create(ai_settings(ai_database_url, store))) as client:
        wait_until(lambda: client.get("/v1/model").json()["model"] is not None)
        later = trainable + timedelta(days=16)
        ahead = client.post("/v1/forecast", json=question("S001", first_day=later.isoformat())).json()
        assert ahead["items"][0]["weeks"][0]["start"] == (trainable + timedelta(days=15)).isoformat()
        season = trainable + timedelta(days=100)
        old = client.post("/v1/forecast", json=question("S001", first_day=season.isoformat())).json()
        assert (old["source"], old["model"]) == ("baseline", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"items": []},
        {"weeks": 0},
        {"weeks": 9},
        {"kind": "planet"},
        {"first_day": "0001-01-01"},
        {"items": [{"key": "S001", "recent": [-1]}]},
        {"items": [{"key": "S001", "recent": [1] * 105}]},
        {"surprise": 1},
    ],
)
def test_what_makes_no_sense_is_refused(wrong, ai_database_url, store):
    with TestClient(create(ai_settings(ai_database_url, store))) as client:
        refused = client.post("/v1/forecast", json=question("S001", **wrong))
        assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")


def test_a_model_that_is_no_better_is_not_published(trainable, registry, monkeypatch, capsys):
    monkeypatch.setattr("demand_forecasting.fitting._mixed", lambda members, _parts: 1.5 * members["ses"])
    status = train(["--cutoffs", "1"])
    assert status == REFUSED
    assert registry.find(name="demand_forecasting") is None
    assert "does not beat its baselines" in capsys.readouterr().err


def test_too_short_a_history_says_so(trainable):
    early = trainable - timedelta(weeks=WEEKS - 8)
    with pytest.raises(SystemExit, match="weeks are too few"):
        train(["--until", early.isoformat()])

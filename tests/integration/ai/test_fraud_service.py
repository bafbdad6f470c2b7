"""The fraud service on a real Redis: exact counts, once for each order, the same numbers as in training."""

import asyncio
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from redis.asyncio import Redis

from fraud_detection.evaluation import model_fit
from fraud_detection.features import KINDS, NAMES, features_of, row_of
from fraud_detection.main import create
from fraud_detection.model import FraudModel
from fraud_detection.simulator import World, simulate
from fraud_detection.table import DAY_S, Transactions
from fraud_detection.velocity import MOST, Velocity
from meshop_shared.ai.registry import RegisteredModel, Registry
from meshop_shared.ai.store import artefact_put, digest_of
from tests.support.ai import ai_settings
from tests.support.polling import wait_until

NOW = 1_780_000_000.0


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def run(coroutine_of):
    """Run ``coroutine_of(velocity)`` on a connection of its own."""

    async def main():
        async with Redis.from_url(os.environ["REDIS_URL"], max_connections=300) as redis:
            return await coroutine_of(Velocity(redis))

    return asyncio.run(main())


@pytest.fixture(autouse=True)
def no_orders() -> None:
    async def forget() -> None:
        async with Redis.from_url(os.environ["REDIS_URL"]) as redis:
            keys = [key async for key in redis.scan_iter("fraud:*")]
            if keys:
                await redis.delete(*keys)

    asyncio.run(forget())


@pytest.fixture(scope="module")
def world() -> Transactions:
    return simulate(World(customers=200, days=90), seed=2)


@pytest.fixture(scope="module")
def model(world: Transactions) -> FraudModel:
    return model_fit(world, features_of(world), seed=1, data="synthetic")


@pytest.fixture
def client(ai_database_url: str, store: Path, registry: Registry) -> Iterator[TestClient]:
    settings = ai_settings(
        ai_database_url, store, service="fraud_detection", redis_url=os.environ["REDIS_URL"]
    )
    with TestClient(create(settings)) as client:
        wait_until(lambda: client.get("/readyz").status_code == 200)
        yield client


def publish(registry: Registry, store: Path, model: FraudModel) -> None:
    content = model.dumps()
    address = artefact_put(store=store.as_uri(), name="fraud_detection", version="one", content=content)
    registry.register(
        RegisteredModel(
            name="fraud_detection", version="one", digest=digest_of(content), artefact=address, data_digest="",
            seed=1, metrics={}, card="",
        )
    )  # fmt: skip
    registry.promote(name="fraud_detection", version="one")


def question(order: str = "o1", *, amount: float = 30.0, at: float = NOW, **more: str) -> dict:
    return {"order": order, "at": at, "amount": amount, "user": digest("u"), "ip": digest("i"), **more}


def test_two_hundred_orders_at_once_are_counted_exactly():
    async def rush(velocity: Velocity):
        return await asyncio.gather(
            *(
                velocity.see(order=f"o{n}", at=NOW + n / 1000, amount=10, entities={"user": "u", "ip": "i"})
                for n in range(200)
            )
        )

    found = run(rush)
    assert sorted(past["user"].counts[0] for past in found) == list(range(200))
    assert sorted(past["ip"].sums[3] for past in found) == [10 * n for n in range(200)]


def test_an_order_that_is_asked_for_again_counts_once_and_gets_the_same_numbers():
    async def again(velocity: Velocity):
        first = await velocity.see(order="a", at=NOW, amount=10, entities={"user": "u"})
        await velocity.see(order="b", at=NOW + 1, amount=10, entities={"user": "u"})
        repeated = await asyncio.gather(
            *(velocity.see(order="a", at=NOW, amount=10, entities={"user": "u"}) for _ in range(20))
        )
        after = await velocity.see(order="c", at=NOW + 2, amount=10, entities={"user": "u"})
        return first, repeated, after

    first, repeated, after = run(again)
    assert all(one == first for one in repeated)
    assert after["user"].counts[0] == 2


def test_a_card_that_becomes_known_later_is_counted_then():
    async def later(velocity: Velocity):
        before = await velocity.see(order="a", at=NOW, amount=10, entities={"user": "u"})
        after = [
            await velocity.see(order="a", at=NOW, amount=10, entities={"user": "u", "card": "c"})
            for _ in range(2)
        ]
        other = await velocity.see(order="b", at=NOW + 1, amount=10, entities={"user": "u", "card": "c"})
        await velocity.tell(order="a", fraud=True, at=NOW + 2)
        last = await velocity.see(order="d", at=NOW + 3, amount=10, entities={"card": "c"})
        return before, after, other, last

    before, after, other, last = run(later)
    assert "card" not in before
    assert after[0] == after[1]
    assert after[0]["user"] == before["user"]
    assert (other["card"].counts[0], other["user"].counts[0]) == (1, 1)
    assert last["card"].frauds[0] == 1


def test_windows_end_where_they_should():
    async def pace(velocity: Velocity):
        for name, age in (
            ("30d", 29 * DAY_S),
            ("7d", 6 * DAY_S),
            ("24h", 23 * 3600),
            ("1h", 3599),
            ("edge", 3600),
        ):
            await velocity.see(order=name, at=NOW - age, amount=10, entities={"user": "u"})
        return await velocity.see(order="now", at=NOW, amount=10, entities={"user": "u"})

    past = run(pace)["user"]
    assert list(past.counts) == [1, 3, 4, 5]
    assert list(past.sums) == [10, 30, 40, 50]


def test_memory_is_bounded():
    async def crowd(velocity: Velocity):
        for n in range(MOST + 50):
            await velocity.see(order=f"o{n}", at=NOW + n, amount=1, entities={"ip": "office"})
        return await velocity.see(order="last", at=NOW + MOST + 60, amount=1, entities={"ip": "office"})

    assert run(crowd)["ip"].counts[3] == MOST


def test_a_label_is_kept_once_and_can_be_corrected():
    async def labels(velocity: Velocity):
        await velocity.see(order="a", at=NOW, amount=10, entities={"ip": "i"})
        told = [await velocity.tell(order="a", fraud=True, at=NOW + DAY_S) for _ in range(3)]
        first = await velocity.see(order="b", at=NOW + 2 * DAY_S, amount=10, entities={"ip": "i"})
        await velocity.tell(order="a", fraud=False, at=NOW + 3 * DAY_S)
        second = await velocity.see(order="c", at=NOW + 4 * DAY_S, amount=10, entities={"ip": "i"})
        unknown = await velocity.tell(order="nobody", fraud=True, at=NOW)
        return told, first["ip"], second["ip"], unknown

    told, first, second, unknown = run(labels)
    assert told == [True] * 3
    assert (list(first.frauds), list(first.known), first.first) == ([1, 1], [1, 1], DAY_S)
    assert (list(second.frauds), list(second.known), second.first) == ([0, 0], [1, 1], -1)
    assert unknown is False


def test_serving_computes_the_features_of_training(world):
    """The last orders of a world, told to Redis in the order of time with every label when it becomes known."""
    recent = world.where(world.at > world.at[-1] - 46 * DAY_S)
    busy = np.bincount(recent.user)
    chosen = np.argsort(-busy)[:6]
    kept = np.isin(recent.user, chosen)
    table = recent.where(kept)
    expected = features_of(table)

    async def replay(velocity: Velocity):
        events = [(at, 1, n) for n, at in enumerate(table.at)]
        events += [
            (at + delay, 0, n) for n, (at, delay) in enumerate(zip(table.at, table.delay, strict=True))
        ]
        rows = {}
        for at, is_order, n in sorted(events):
            if at > table.at[-1]:
                break
            if not is_order:
                await velocity.tell(order=f"o{n}", fraud=bool(table.fraud[n]), at=float(at))
                continue
            entities = {kind: str(getattr(table, kind)[n]) for kind in KINDS}
            past = await velocity.see(
                order=f"o{n}", at=float(at), amount=float(table.amount[n]), entities=entities
            )
            rows[n] = row_of(at=float(at), amount=float(table.amount[n]), past=past)
        return np.array([rows[n] for n in range(len(table))])

    served = run(replay)
    assert len(served) > 300
    assert expected[:, NAMES.index("user_risk_30d")].max() >= 0
    assert np.allclose(served, expected, atol=1e-4)


def test_without_a_model_the_rules_answer(client):
    answer = client.post("/v1/score", json=question(amount=900)).json()
    assert (answer["source"], answer["model"], answer["counted"]) == ("baseline", None, True)
    assert answer["reasons"] == ["The amount of 900.00 is one that fraud often has."]
    assert answer["action"] == "review"
    assert client.post("/v1/score", json=question("o2", amount=9)).json()["action"] == "accept"


def test_a_model_answers_with_reasons_costs_and_its_name(client, registry, store, model):
    publish(registry, store, model)
    wait_until(lambda: client.get("/v1/model").json()["model"] is not None)
    answer = client.post("/v1/score", json=question(amount=400.0)).json()
    assert (answer["source"], answer["trained_on"]) == ("model", "synthetic")
    assert answer["model"]["version"] == "one"
    assert answer["model"]["digest"] == digest_of(model.dumps())
    assert answer["action"] == min(
        answer["expected_costs"], key=lambda action: answer["expected_costs"][action]
    )
    assert answer["reasons"] == [one["text"] for one in answer["details"]]
    assert client.post("/v1/score", json=question(amount=400.0)).json() == answer


def test_known_fraud_makes_its_network_suspicious(client, registry, store, model):
    publish(registry, store, model)
    wait_until(lambda: client.get("/v1/model").json()["model"] is not None)
    for n in range(5):
        client.post("/v1/score", json=question(f"bad{n}", at=NOW - 9 * DAY_S + n, user=digest(f"v{n}")))
        told = client.post(
            "/v1/feedback", json={"order": f"bad{n}", "fraud": True, "at": NOW - 2 * DAY_S + n}
        ).json()
        assert told["known"] is True
    here = client.post("/v1/score", json=question("next", user=digest("w"))).json()
    elsewhere = client.post("/v1/score", json=question("other", user=digest("w2"), ip=digest("else"))).json()
    assert here["probability"] > 5 * elsewhere["probability"]
    assert "known_fraud_ip" in [one["code"] for one in here["details"]]


def test_without_redis_it_answers_and_says_so(ai_database_url, store, registry, model):
    publish(registry, store, model)
    settings = ai_settings(
        ai_database_url, store, service="fraud_detection", redis_url="redis://127.0.0.1:1/0"
    )
    with TestClient(create(settings)) as client:
        wait_until(lambda: client.get("/v1/model").json()["model"] is not None)
        answer = client.post("/v1/score", json=question(amount=900)).json()
        assert (answer["source"], answer["counted"]) == ("baseline", False)
        assert answer["action"] == "review"
        assert client.post("/v1/feedback", json={"order": "o1", "fraud": True, "at": NOW}).status_code == 503


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": -1},
        {"amount": float("1e12")},
        {"user": "peter@example.com"},
        {"at": -1},
        {"order": ""},
        {"x": 1},
    ],
)
def test_wrong_questions_are_refused(client, wrong):
    refused = client.post("/v1/score", json={**question(), **wrong})
    assert (refused.status_code, refused.json()["code"]) == (400, "validation_error")

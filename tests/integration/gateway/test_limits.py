"""Limits hold exactly across replicas, whatever clients claim, and hold per replica without Redis."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway import GatewayProcess, RedisProcess, gateway, redis_server, status_of, statuses_of
from tests.support.polling import wait_until
from tests.support.upstream import Upstream

LIMIT = 100


def table(upstream: Upstream, file: Path, *, seconds: float = 86_400, requests: int = LIMIT) -> Path:
    limit = {"requests": requests, "seconds": seconds}
    route = {"name": "api", "prefix": "/api/", "upstream": "backend"}
    by_user = {"name": "user", "prefix": "/api/user/", "upstream": "backend", "auth": {"mode": "required"}}
    together = {"name": "route", "prefix": "/api/route/", "upstream": "backend"}
    file.write_text(
        json.dumps(
            {
                "upstreams": {"backend": {"url": upstream.url}},
                "routes": [
                    {**route, "limits": [{"per": "client", **limit}]},
                    {**by_user, "limits": [{"per": "user", **limit}]},
                    {
                        **together,
                        "limits": [{"per": "route", **limit}, {"per": "client", **limit, "requests": 10_000}],
                    },
                ],
            }
        )
    )
    return file


@pytest.fixture
def own_redis() -> Iterator[RedisProcess]:
    """A Redis that a test may kill."""
    with redis_server() as server:
        yield server


@pytest.fixture
def replicas(
    upstream: Upstream, own_redis: RedisProcess, tmp_path: Path
) -> Iterator[tuple[GatewayProcess, GatewayProcess]]:
    """Two replicas on one Redis, limited to 100 requests a day."""
    settings = {
        "backend_url": upstream.url,
        "redis_url": own_redis.url,
        "routes_file": str(table(upstream, tmp_path / "routes.json")),
        "access_log": "off",
    }
    with gateway(**settings) as one, gateway(**settings) as other:
        for replica in (one, other):
            wait_until(lambda replica=replica: replica.state()["redis"] == "up")
        yield one, other


def bombard(
    replica: GatewayProcess, count: int, *, path: str = "/api/x", fields: str = "", start: int = 0
) -> list[int]:
    """``count`` requests on one connection, each claiming another address."""
    answers = b""
    with socket.create_connection(("127.0.0.1", replica.port), timeout=30) as client:
        for number in range(start, start + count):
            claim = f"{number % 250 + 1}.{number // 250 % 250}.7.7"
            client.sendall(
                f"GET {path} HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {claim}\r\nForwarded: for={claim}\r\n"
                f"X-Real-IP: {claim}\r\n{fields}\r\n".encode()
            )
            piece = b""
            while b"\r\n\r\n" not in piece:
                piece += client.recv(65_536)
            answers += piece.partition(b"\r\n")[0] + b"\r\n"
            length = int(piece.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            missing = length - len(piece.partition(b"\r\n\r\n")[2])
            while missing > 0:
                missing -= len(client.recv(missing))
    return statuses_of(answers)


def bombard_all(replicas: tuple[GatewayProcess, ...], total: int, *, clients: int = 8) -> list[int]:
    statuses: list[int] = []
    share = total // clients

    def work(number: int) -> None:
        got = bombard(replicas[number % len(replicas)], share, start=number * share)
        statuses.extend(got)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_exactly_the_limit_passes_two_replicas_whatever_address_is_claimed(replicas, upstream):
    statuses = bombard_all(replicas, 10_000)

    assert len(statuses) == 10_000
    assert statuses.count(200) == LIMIT
    assert statuses.count(429) == 10_000 - LIMIT
    assert len(upstream.targets()) == LIMIT


def test_limits_hold_per_replica_while_redis_is_killed(replicas, own_redis, upstream):
    results: dict[int, list[int]] = {}

    def work(number: int) -> None:
        results[number] = bombard(replicas[number], 3_000)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(upstream.targets()) >= 20)
    own_redis.kill()
    for thread in threads:
        thread.join()

    for statuses in results.values():
        assert set(statuses) == {200, 429}
        assert statuses.count(200) <= LIMIT
    assert LIMIT <= len(upstream.targets()) <= 2 * LIMIT


def test_without_redis_from_the_start_each_replica_limits_alone(upstream, tmp_path):
    routes = str(table(upstream, tmp_path / "routes.json"))
    with gateway(backend_url=upstream.url, routes_file=routes) as replica:
        statuses = bombard(replica, 300)
    assert statuses.count(200) == LIMIT


def test_a_redis_that_hangs_delays_nobody_for_long(replicas, own_redis):
    own_redis.process.send_signal(19)  # SIGSTOP
    try:
        assert replicas[0].get("/api/x").status == 200
        wait_until(lambda: replicas[0].state()["redis"] == "down")
        statuses = bombard(replicas[0], 200)
    finally:
        own_redis.process.send_signal(18)  # SIGCONT
    assert statuses.count(200) == LIMIT - 1
    wait_until(lambda: replicas[0].state()["redis"] == "up")


def test_a_redis_that_comes_back_empty_lifts_no_limit(replicas, own_redis):
    one, _ = replicas
    assert bombard(one, LIMIT + 5).count(200) == LIMIT
    own_redis.kill()
    own_redis.start()
    wait_until(lambda: one.state()["redis"] == "up")
    assert bombard(one, 50).count(200) == 0


def test_flushed_scripts_are_loaded_again(replicas, own_redis):
    one, other = replicas
    with own_redis.client() as client:
        client.script_flush()
    assert one.get("/api/x").status == 200
    wait_until(lambda: other.get("/api/route/x").status == 200)
    statuses = bombard_all(replicas, 400)
    assert statuses.count(200) in (LIMIT - 1, LIMIT)  # the first may have been counted on its replica only


def test_refusal_says_when_to_come_back(replicas):
    one, _ = replicas
    first = one.get("/api/x")
    assert first.headers["ratelimit-limit"] == "100"
    assert first.headers["ratelimit-remaining"] == "99"
    assert first.headers["ratelimit-policy"] == "100;w=86400"
    assert 0 < int(first.headers["ratelimit-reset"]) <= 864
    bombard(one, LIMIT)
    refused = one.get("/api/x")
    assert refused.status == 429
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert 0 < int(refused.headers["retry-after"]) <= 864
    assert refused.json()["extra"]["retry_after"] == int(refused.headers["retry-after"])


def test_users_are_counted_apart(replicas, signer):
    one, other = replicas

    def token(user_id: int) -> str:
        signed = signer.sign(user_id=user_id, session_id=f"s{user_id}", roles=(), token_id="t")
        return f"Authorization: Bearer {signed}\r\n"

    first = bombard(one, 80, path="/api/user/x", fields=token(1)) + bombard(
        other, 80, path="/api/user/x", fields=token(1)
    )
    second = bombard(one, 20, path="/api/user/x", fields=token(2))
    assert first.count(200) == LIMIT
    assert second.count(200) == 20


def test_refused_requests_are_charged_to_nobody(replicas, own_redis):
    """The route's own limit is used up; the client's must not shrink by refused requests."""
    one, _ = replicas
    bombard(one, LIMIT + 50, path="/api/route/x")
    with own_redis.client() as client:
        seconds, microseconds = client.time()
        tat = float(client.get("limit:route:client:127.0.0.1"))
    charged = (tat / 1e6 - seconds - microseconds / 1e6) / (86_400 / 10_000)
    assert LIMIT - 2 < charged <= LIMIT


def test_off_lifts_every_limit(upstream, own_redis, tmp_path):
    routes = str(table(upstream, tmp_path / "routes.json"))
    settings = {"backend_url": upstream.url, "routes_file": routes, "redis_url": own_redis.url}
    with gateway(**settings, rate_limit="off") as replica:
        assert bombard(replica, LIMIT + 50).count(200) == LIMIT + 50


def test_default_table_lets_a_busy_workflow_pass(upstream, own_redis):
    with gateway(backend_url=upstream.url, redis_url=own_redis.url, access_log="off") as replica:
        statuses = bombard(replica, 4_000, path="/api/echo")
    assert statuses.count(200) == 4_000


def test_trusted_proxies_are_believed_and_nobody_behind_them(upstream, own_redis, tmp_path):
    routes = str(table(upstream, tmp_path / "routes.json", requests=3))
    settings = {"backend_url": upstream.url, "routes_file": routes, "redis_url": own_redis.url}
    with gateway(**settings, trusted_proxies="127.0.0.0/8") as replica:

        def ask(chain: str) -> int:
            raw = f"GET /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Forwarded-For: {chain}\r\n\r\n"
            return status_of(replica.ask(raw.encode()))

        # The proxy wrote the last entry; what its client claims stands to the left of it.
        assert [ask(f"{claim}.1.1.1, 9.9.9.9") for claim in range(1, 6)] == [200, 200, 200, 429, 429]
        assert ask("8.8.8.8") == 200
        assert {seen.header("x-forwarded-for") for seen in upstream.seen if "jwks" not in seen.target} == {
            "9.9.9.9",
            "8.8.8.8",
        }

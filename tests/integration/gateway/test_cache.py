"""Public answers are fetched once, served fresh or a little stale, and dead the moment their stamp changes."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.gateway import Answer, GatewayProcess, RedisProcess, gateway, read_all
from tests.support.polling import wait_until
from tests.support.upstream import Upstream

PATH = "/api/products/"
TTL_S = 3  # also longer than a crowd of readers takes on a busy machine
STALE_S = 3.0


@pytest.fixture(scope="module")
def replicas(
    shared_upstream: Upstream, redis_process: RedisProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[GatewayProcess, GatewayProcess]]:
    """Two replicas; answers live for a second, and three more while they are renewed."""
    file = tmp_path_factory.mktemp("routes") / "routes.json"
    cache = {
        "ttl_s": TTL_S,
        "stale_s": STALE_S,
        "stamps": ["catalogue", "stock"],
        "ignored_cookies": ["cart_token"],
        "max_body": 50_000,
    }
    route = {"name": "products", "prefix": PATH, "upstream": "backend", "cache": cache}
    file.write_text(
        json.dumps({"routes": [route, {"name": "api", "prefix": "/api/", "upstream": "backend"}]})
    )
    settings = {
        "backend_url": shared_upstream.url,
        "redis_url": redis_process.url,
        "routes_file": str(file),
        "rate_limit": "off",
    }
    with gateway(**settings) as one, gateway(**settings) as other:
        for replica in (one, other):
            wait_until(lambda replica=replica: replica.state()["cache"]["usable"])
        yield one, other


@pytest.fixture
def shop(
    replicas: tuple[GatewayProcess, GatewayProcess], upstream: Upstream, redis_process: RedisProcess
) -> GatewayProcess:
    """One replica with an empty cache."""
    with redis_process.client() as client:
        client.flushall()
    wait_until(lambda: all(replica.state()["cache"]["entries"] == 0 for replica in replicas))
    return replicas[0]


def bump(redis_process: RedisProcess, stamp: str = "catalogue") -> None:
    with redis_process.client() as client:
        client.incr(f"stamp:{stamp}")


def test_second_reader_gets_the_answer_of_the_first(shop, upstream):
    first, second = shop.get(PATH), shop.get(PATH)
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("miss", "hit")
    assert first.body == second.body
    assert first.headers["etag"] == second.headers["etag"]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert second.headers["cache-control"] == "no-cache"
    assert len(upstream.targets()) == 1


def test_answers_differ_by_path_query_and_host(shop, upstream):
    for path in (PATH, f"{PATH}?page=2", f"{PATH}7/"):
        assert shop.get(path).headers["x-cache"] == "miss"
    raw = f"GET {PATH} HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n".encode()
    assert Answer.parse(shop.ask(raw)).headers["x-cache"] == "miss"
    assert len(upstream.targets()) == 4


def test_client_that_has_the_answer_is_told_so(shop, upstream):
    etag = shop.get(PATH).headers["etag"]
    for field in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = shop.get(PATH, f"If-None-Match: {field}")
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers["etag"] == etag
    assert shop.get(PATH, 'If-None-Match: "other"').status == 200
    assert len(upstream.targets()) == 1


@pytest.mark.parametrize("why", ["never asked", "expired", "purged"])
def test_thousand_readers_at_once_cause_exactly_one_upstream_call(
    replicas, shop, upstream, redis_process, why
):
    if why != "never asked":
        assert shop.get(PATH).status == 200
    if why == "expired":
        time.sleep(TTL_S + 0.1)
    upstream.answers[PATH] = (200, {}, b'{"price": "2.00"}')
    upstream.delay_s = 0.4
    upstream.seen.clear()
    with ExitStack() as connections:
        clients = [
            connections.enter_context(
                socket.create_connection(("127.0.0.1", replicas[number % 2].port), timeout=20)
            )
            for number in range(1_000)
        ]
        if why == "purged":
            bump(redis_process)
        for client in clients:
            client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n".encode())
        answers = [Answer.parse(read_all(client, 20)) for client in clients]

    assert {answer.status for answer in answers} == {200}, {a.body for a in answers if a.status != 200}
    assert upstream.targets() == [PATH]
    if why == "purged":
        assert {answer.body for answer in answers} == {b'{"price": "2.00"}'}
    if why == "expired":
        assert {answer.headers["x-cache"] for answer in answers} >= {"stale"}


def test_stale_answer_is_served_while_one_request_renews_it(shop, upstream):
    shop.get(PATH)
    upstream.delay_s = 0.5
    time.sleep(TTL_S + 0.2)
    started = time.monotonic()
    answer = shop.get(PATH)
    assert answer.headers["x-cache"] == "stale"
    assert time.monotonic() - started < 0.4
    wait_until(lambda: shop.get(PATH).headers["x-cache"] == "hit")
    assert len(upstream.targets()) == 2


def test_stale_answer_is_served_while_the_upstream_is_broken(shop, upstream):
    body = shop.get(PATH).body
    upstream.mode = "500"
    time.sleep(TTL_S + 0.2)
    for _ in range(3):
        answer = shop.get(PATH)
        assert (answer.status, answer.body, answer.headers["x-cache"]) == (200, body, "stale")


@pytest.mark.parametrize("stamp", ["catalogue", "stock"])
def test_change_kills_the_answer_everywhere(replicas, shop, upstream, redis_process, stamp):
    for replica in replicas:
        replica.get(PATH)
    upstream.answers[PATH] = (200, {}, b'{"changed": true}')
    bump(redis_process, stamp)
    for replica in replicas:
        assert replica.get(PATH).json() == {"changed": True}


def test_readers_see_a_change_within_milliseconds(shop, upstream, redis_process):
    """Redis tells the gateway in the same breath as it answers who made the change."""
    late = []
    with redis_process.client() as client:
        for number in range(300):
            upstream.answers[PATH] = (200, {}, b'{"n": %d}' % number)
            client.incr("stamp:catalogue")
            changed_at = time.monotonic()
            wait_until(lambda number=number: shop.get(PATH).json() == {"n": number}, every_s=0.001)
            late.append(time.monotonic() - changed_at)
    assert sorted(late)[len(late) // 2] < 0.05


def test_change_during_the_fetch_makes_the_answer_dead_on_arrival(shop, upstream, redis_process):
    upstream.answers[PATH] = (200, {}, b'"old"')
    upstream.delay_s = 0.4
    slow = threading.Thread(target=shop.get, args=(PATH,))
    slow.start()
    wait_until(lambda: len(upstream.targets()) == 1)
    bump(redis_process)
    slow.join()
    upstream.delay_s = 0
    upstream.answers[PATH] = (200, {}, b'"new"')
    assert shop.get(PATH).json() == "new"


@pytest.mark.parametrize(
    "fields",
    [
        ("Authorization: Bearer abc",),
        ("Cookie: sessionid=1",),
        ("Cookie: cart_token=1; sessionid=2",),
        ("Range: bytes=0-1",),
    ],
)
def test_personal_requests_go_through(shop, upstream, fields):
    shop.get(PATH)
    answer = shop.get(PATH, *fields)
    assert "x-cache" not in answer.headers
    assert len(upstream.targets()) == 2


def test_guests_with_a_cart_share_the_answer_and_keep_their_cookie_to_themselves(shop, upstream):
    shop.get(PATH, "Cookie: cart_token=secret", "Accept-Language: xx", "User-Agent: odd")
    assert shop.get(PATH, "Cookie: cart_token=other").headers["x-cache"] == "hit"
    (seen,) = [seen for seen in upstream.seen if "jwks" not in seen.target]
    assert seen.header("cookie") is None
    assert seen.header("accept-language") is None
    assert "odd" not in str(seen.header("user-agent"))


@pytest.mark.parametrize(
    "headers",
    [
        {"set-cookie": "a=b"},
        {"cache-control": "private"},
        {"cache-control": "no-store, max-age=0"},
        {"vary": "X-Something"},
        {"vary": "*"},
        {"content-encoding": "gzip"},
    ],
)
def test_answers_that_are_not_for_everybody_are_not_kept(shop, upstream, headers):
    path = f"{PATH}{next(iter(headers.values())).replace(' ', '').replace('*', 'star')}/"
    upstream.answers[path] = (200, headers, b"{}")
    for _ in range(3):
        answer = shop.get(path)
        assert answer.status == 200
        assert "x-cache" not in answer.headers
    name, value = next(iter(headers.items()))
    assert answer.headers[name] == value
    assert len(upstream.targets()) >= 3


@pytest.mark.parametrize("status", [404, 500, 503, 302, 429])
def test_failures_are_not_kept(shop, upstream, status):
    path = f"{PATH}{status}/"
    upstream.answers[path] = (status, {}, b'{"code": "x"}')
    assert shop.get(path).status == status
    upstream.answers[path] = (200, {}, b"{}")
    wait_until(lambda: shop.get(path).status == 200)  # the breaker may have to close first


def test_large_answers_pass_without_being_kept(shop, upstream):
    path = f"{PATH}large/"
    upstream.answers[path] = (200, {}, b"x" * 200_000)
    assert len(shop.get(path).body) == 200_000
    assert len(shop.get(path).body) == 200_000
    assert shop.state()["cache"]["entries"] == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_other_methods_go_through(shop, upstream, method):
    shop.get(PATH)
    shop.get(PATH, method=method)
    assert len(upstream.targets()) == 2


def test_nothing_is_served_from_memory_while_changes_are_not_announced(upstream, tmp_path):
    redis_process = RedisProcess().start()
    try:
        with gateway(backend_url=upstream.url, redis_url=redis_process.url) as replica:
            wait_until(lambda: replica.state()["cache"]["usable"])
            replica.get(PATH)
            redis_process.kill()
            wait_until(lambda: replica.state()["redis"] == "down")
            upstream.answers[PATH] = (200, {}, b'"new"')
            assert replica.get(PATH).json() == "new"
            assert replica.state()["cache"]["entries"] == 0
            redis_process.start()
            wait_until(lambda: replica.get(PATH).headers.get("x-cache") == "hit")
    finally:
        redis_process.kill()


def test_memory_is_bounded(upstream, redis_process):
    with gateway(backend_url=upstream.url, redis_url=redis_process.url, cache_bytes="100000") as replica:
        wait_until(lambda: replica.state()["cache"]["usable"])
        for number in range(200):
            replica.get(f"{PATH}?page={number}")
        cache = replica.state()["cache"]
    assert 0 < cache["bytes"] <= 100_000
    assert cache["entries"] < 100


@pytest.mark.parametrize(
    ("status", "headers"), [(404, {}), (503, {}), (404, {"transfer-encoding": "chunked"})]
)
def test_shared_failures_say_their_length(shop, upstream, status, headers):
    """On a connection that stays open, an answer without a length would never end."""
    path = f"{PATH}length-{status}-{len(headers)}/"
    upstream.answers[path] = (status, headers, b'{"code": "x"}')
    with socket.create_connection(("127.0.0.1", shop.port), timeout=5) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: shop.test\r\n\r\n".encode())
        raw = client.recv(65_536)
        assert b"content-length: 13\r\n" in raw
        assert b"transfer-encoding" not in raw
        upstream.answers[path] = (200, {}, b"{}")
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n".encode())
        assert read_all(client, 5).startswith(b"HTTP/1.1 ")

"""A route with a fallback answers whatever becomes of its upstream, and says so in metrics and log."""

import json
from collections.abc import Iterator

import pytest

from meshop_gateway.route_source import default_table
from meshop_gateway.settings import GatewaySettings
from tests.support.gateway import GatewayProcess, gateway
from tests.support.polling import wait_until
from tests.support.upstream import Upstream

BODY = b'{"message": "hello"}'


@pytest.fixture(scope="module")
def upstreams() -> Iterator[tuple[Upstream, Upstream]]:
    with Upstream() as first, Upstream() as second:
        yield first, second


@pytest.fixture(scope="module")
def replica(upstreams, tmp_path_factory) -> Iterator[GatewayProcess]:
    first, second = upstreams
    route = {"name": "chat", "prefix": "/api/chat/", "upstream": "first", "auth": {"mode": "none"}}
    gone = {**route, "name": "gone", "prefix": "/gone/", "upstream": "gone", "fallback": "second"}
    table = {
        "upstreams": {
            "first": {"url": first.url, "breaker_reset_s": 0.2},
            "second": {"url": second.url},
            "gone": {"url": "http://127.0.0.1:9"},
        },
        "routes": [{**route, "fallback": "second", "fallback_after_s": 0.5}, gone],
    }
    file = tmp_path_factory.mktemp("routes") / "routes.json"
    file.write_text(json.dumps(table))
    with gateway(backend_url=second.url, routes_file=str(file), rate_limit="off") as process:
        yield process


@pytest.fixture
def pair(replica, upstreams) -> tuple[Upstream, Upstream]:
    for upstream in upstreams:
        upstream.reset()
    wait_until(lambda: asked(replica) == 200 and upstreams[0].seen)
    for upstream in upstreams:
        upstream.reset()
    return upstreams


def asked(replica: GatewayProcess) -> int:
    return replica.get("/api/chat/", method="POST", body=BODY).status


def test_a_healthy_upstream_answers_alone(replica, pair):
    assert asked(replica) == 200
    assert [len(upstream.targets()) for upstream in pair] == [1, 0]


@pytest.mark.parametrize("how", ["500", "503", "reset", "half-head", "garbage", "hang"])
def test_the_fallback_gets_the_same_request(replica, pair, how):
    first, second = pair
    first.mode = how
    assert asked(replica) == 200
    (seen,) = [request for request in second.seen if "jwks" not in request.target]
    assert (seen.method, seen.target, seen.body) == ("POST", "/api/chat/", BODY)


def test_nothing_is_lost_when_it_is_gone_and_the_breaker_opens(replica, pair):
    assert {replica.get("/gone/", method="POST", body=BODY).status for _ in range(12)} == {200}
    assert replica.state()["upstreams"]["gone"]["breaker"] != "closed"
    assert 'meshop_gateway_fallbacks_total{route="/gone/*"} ' in replica.get("/metrics").body.decode()


def test_refusals_are_relayed(replica, pair):
    first, second = pair
    first.answers["/api/chat/"] = (404, {}, b"{}")
    assert asked(replica) == 404
    assert second.targets() == []


def test_the_shop_asks_its_backend_when_the_assistant_is_away():
    with_it = default_table(GatewaySettings(ai_urls="chatbot=http://127.0.0.1:1"))
    (chat,) = (route for route in with_it["routes"] if route["name"] == "chat")
    assert (chat["upstream"], chat["fallback"]) == ("chatbot", "backend")
    (chat,) = (route for route in default_table(GatewaySettings())["routes"] if route["name"] == "chat")
    assert (chat["upstream"], "fallback" in chat) == ("backend", False)

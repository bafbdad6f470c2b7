"""A route table that could surprise is not accepted; the longest prefix of whole segments wins."""

from typing import Any

import pytest

from meshop_gateway.route_source import TableInvalid, default_table, table_from
from meshop_gateway.routes import PrefixTable
from meshop_gateway.settings import GatewaySettings

pytestmark = pytest.mark.unit


def table(**more: Any) -> dict[str, Any]:
    route = {"name": "api", "prefix": "/api/", "upstream": "backend", **more}
    return {"upstreams": {"backend": {"url": "http://backend:8001"}}, "routes": [route]}


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"prefix": "api/"}, "prefix"),
        ({"prefix": "/a//b/"}, "prefix"),
        ({"prefix": "/a/../b/"}, "prefix"),
        ({"prefix": "/a/%2e/"}, "prefix"),
        ({"name": "Not a name"}, "name"),
        ({"upstream": "nobody"}, "unknown upstream nobody"),
        ({"methods": ["FETCH"]}, "methods"),
        ({"auth": {"mode": "identify", "roles": ["staff"]}}, "roles need mode"),
        ({"auth": {"mode": "maybe"}}, "auth.mode"),
        ({"limits": [{"requests": 0}]}, "limits.0.requests"),
        ({"limits": [{"requests": 1, "per": "planet"}]}, "limits.0.per"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"retries": 99}, "retries"),
        ({"body_limit": -1}, "body_limit"),
        ({"cache": {"ttl_s": 0}}, "cache.ttl_s"),
        ({"cache": {"ttl": 1}}, "cache.ttl"),
        ({"tiemout_s": 1}, "tiemout_s"),
    ],
)
def test_problem_is_named_with_its_place(more, where):
    with pytest.raises(TableInvalid, match=where):
        table_from(table(**more))


@pytest.mark.parametrize(
    "url", ["backend:8001", "ftp://backend", "http://backend/path", "http://user@backend", ""]
)
def test_upstreams_are_addresses_without_paths_or_users(url):
    with pytest.raises(TableInvalid, match=r"upstreams\.backend\.url"):
        table_from({**table(), "upstreams": {"backend": {"url": url}}})


def test_names_and_prefixes_are_unique():
    twice = table()
    twice["routes"] *= 2
    with pytest.raises(TableInvalid, match="2 routes have the name api"):
        table_from(twice)


def test_default_table_is_valid_and_names_every_ai_service():
    settings = GatewaySettings(ai_urls="chatbot=http://chat:1,fraud=http://fraud:2")
    spec = table_from(default_table(settings))
    ai = {route.name: route for route in spec.routes if route.prefix.startswith("/ai/")}
    assert set(ai) == {"ai-chatbot", "ai-fraud"}
    assert all(
        route.auth.mode == "required" and route.check_revoked and route.strip_prefix for route in ai.values()
    )
    assert all(route.hedge_s == 0 for route in spec.routes), "hedging is off unless somebody asks for it"
    products = next(route for route in spec.routes if route.name == "products")
    assert products.cache is not None
    assert set(products.cache.stamps) == {"catalogue", "stock"}


PREFIXES = PrefixTable(
    (prefix, prefix) for prefix in ("/", "/api/", "/api/products/", "/api/products/featured", "/api/orders/")
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (b"/", "/"),
        (b"/apix", "/"),
        (b"/api", "/"),
        (b"/api/", "/api/"),
        (b"/api/product", "/api/"),
        (b"/api/products/", "/api/products/"),
        (b"/api/products/1/reviews/", "/api/products/"),
        (b"/api/products/featured", "/api/products/featured"),
        (b"/api/products/featured/", "/api/products/"),
        (b"/api/orders/1", "/api/orders/"),
    ],
)
def test_longest_prefix_of_whole_segments(path, found):
    assert PREFIXES.find(path) == found


def test_no_route():
    assert PrefixTable([("/api/", 1)]).find(b"/other") is None

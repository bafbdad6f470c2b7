"""What clients send makes no series: 10,000 random paths, ids and methods, and not one label value more."""

import asyncio
import logging
import random
import string

import pytest
from django.http import HttpResponse, HttpResponseNotFound
from django.test import RequestFactory
from django.urls import Resolver404, resolve
from fastapi import HTTPException
from prometheus_client import REGISTRY

from apps.core.inbox import event_deliver
from apps.core.middleware import RequestContextMiddleware
from meshop_gateway.compiled import table_compile
from meshop_gateway.paths import path_decode
from meshop_gateway.route_source import RouteSource
from meshop_gateway.settings import GatewaySettings
from meshop_gateway.telemetry import Telemetry
from meshop_shared.web import create_app

pytestmark = pytest.mark.contract
REQUESTS = 10_000
TEMPLATES = (
    "/api/products/{}/",
    "/api/orders/{}/timeline/",
    "/api/users/{}/",
    "/admin/orders/order/{}/change/",
    "/media/{}",
    "/{}",
    "/api/{}/{}",
    "/.env.{}",
    "/healthz/{}",
)
METHODS = ("GET", "POST", "DELETE")


def series():
    return {
        (sample.name, *sample.labels.items()) for metric in REGISTRY.collect() for sample in metric.samples
    }


@pytest.fixture(autouse=True)
def no_logs():
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def paths(seed):
    chance = random.Random(seed)
    for _ in range(REQUESTS):
        word = "".join(chance.choices(string.ascii_letters + string.digits, k=12))
        path = chance.choice(TEMPLATES).format(chance.choice((word, chance.randrange(10**9))), word)
        invented = chance.random() < 0.3
        yield ("X" + word.upper() if invented else chance.choice(METHODS)), path


def grown(ask):
    """Series that there are after 10,000 requests and were not after some hundred of every kind."""
    for method, path in list(paths(1))[:1500]:
        ask(method, path)
    for template in TEMPLATES:
        for method in (*METHODS, "XFIRST"):
            ask(method, template.format(1, 1))
            ask(method, template.format("a", "a"))
    before = series()
    for method, path in paths(2):
        ask(method, path)
    return series() - before


def test_backend():
    def answer(request):
        try:
            request.resolver_match = resolve(request.path)
        except Resolver404:
            return HttpResponseNotFound()
        return HttpResponse()

    middleware, make = RequestContextMiddleware(answer), RequestFactory()
    assert grown(lambda method, path: middleware(make.generic(method, path))) == set()


def test_web_services():
    app = create_app(service="test")

    @app.get("/api/products/{number}/")
    async def product(number: str) -> dict[str, str]:
        if not number.isdigit():
            raise HTTPException(404)
        return {"number": number}

    async def ask(method, path):
        scope = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [], "http_version": "1.1", "scheme": "http", "server": ("test", 80), "client": ("c", 1),
        }  # fmt: skip

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_message):
            pass

        await app(scope, receive, send)

    with asyncio.Runner() as runner:
        assert grown(lambda method, path: runner.run(ask(method, path))) == set()


def test_gateway():
    telemetry = Telemetry(access_log=False)

    async def compiled():
        return table_compile(
            RouteSource(GatewaySettings()).load(), previous=None, loop=asyncio.get_running_loop()
        )

    table = asyncio.run(compiled())

    def ask(method, path):
        route = table.find(path_decode(path.encode()))
        if route is not None:
            telemetry.record(
                method=method,
                route=route.template,
                status=404,
                seconds=0.01,
                request_id=b"",
                trace_id=b"",
                note="",
            )
            telemetry.flush()

    assert grown(ask) == set()


def test_events_for_consumers_that_nobody_has(monkeypatch):
    monkeypatch.setattr("apps.core.inbox.failure_record", lambda **_: None)

    def ask(_method, path):
        event_deliver(
            consumer=path, message={"id": "1", "type": path, "created_at": "2026-01-01T00:00:00+00:00"}
        )

    assert grown(ask) == set()

"""Whichever framework refuses a request, the client reads one and the same envelope."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import httpx
import pydantic
import pytest
from django.test import Client, override_settings
from django.urls import path
from fastapi import FastAPI
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config import urls as backend_urls
from meshop_shared.errors import Conflict, RateLimited
from meshop_shared.web import create_app

REQUEST_ID = "contract-test-0001"


class Answer(NamedTuple):
    """What both frameworks are compared by."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]


class SoldOut(Conflict):
    """An error of some app."""

    code = "sold_out"
    message = "Nothing is left."


def sold_out() -> SoldOut:
    return SoldOut(extra={"lines": [{"product_id": 1, "available": 0}]})


class _Order(serializers.Serializer):
    quantity = serializers.IntegerField()
    note = serializers.CharField()


class _View(APIView):
    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar[list[Any]] = []


class _OrderApi(_View):
    def post(self, request: Request) -> Response:
        _Order(data=request.data).is_valid(raise_exception=True)
        return Response({})


class _SoldOutApi(_View):
    def get(self, request: Request) -> Response:
        raise sold_out()


class _BusyApi(_View):
    def get(self, request: Request) -> Response:
        raise RateLimited.retry_after(7.2)


class _CrashApi(_View):
    def get(self, request: Request) -> Response:
        raise ZeroDivisionError("secret detail")


class DjangoUrls:
    """The backend's error handlers around the views above."""

    handler400, handler403 = backend_urls.handler400, backend_urls.handler403
    handler404, handler500 = backend_urls.handler404, backend_urls.handler500
    urlpatterns: ClassVar[list[Any]] = [
        path("orders", _OrderApi.as_view()),
        path("sold-out", _SoldOutApi.as_view()),
        path("busy", _BusyApi.as_view()),
        path("crash", _CrashApi.as_view()),
    ]


class OrderIn(pydantic.BaseModel):
    """The same body for FastAPI."""

    quantity: int
    note: str


def fastapi_app() -> FastAPI:
    app = create_app(service="contract")

    @app.post("/orders")
    def order(body: OrderIn) -> dict[str, str]:
        return {}

    @app.get("/sold-out")
    def sell() -> None:
        raise sold_out()

    @app.get("/busy")
    def busy() -> None:
        raise RateLimited.retry_after(7.2)

    @app.get("/crash")
    def crash() -> None:
        raise ZeroDivisionError("secret detail")

    return app


Ask = Callable[..., Answer]


def ask_django(method: str, url: str, body: bytes = b"", request_id: str = REQUEST_ID) -> Answer:
    client = Client(raise_request_exception=False)
    response = client.generic(
        method, url, body, content_type="application/json", headers={"x-request-id": request_id}
    )
    return Answer(response.status_code, _lower(response.items()), json.loads(response.content))


def ask_fastapi(method: str, url: str, body: bytes = b"", request_id: str = REQUEST_ID) -> Answer:
    return asyncio.run(_ask_asgi(fastapi_app(), method, url, body, request_id))


async def _ask_asgi(app: FastAPI, method: str, url: str, body: bytes, request_id: str) -> Answer:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"x-request-id": request_id, "content-type": "application/json"}
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.test") as client:
        response = await client.request(method, url, content=body, headers=headers)
    return Answer(response.status_code, _lower(response.headers.items()), response.json())


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


@pytest.fixture(params=[ask_django, ask_fastapi], ids=["django", "fastapi"])
def ask(request: pytest.FixtureRequest) -> Iterator[Ask]:
    with override_settings(ROOT_URLCONF=DjangoUrls):
        yield request.param


CASES = [
    pytest.param("POST", "/orders", b"{}", 400, "validation_error", id="missing fields"),
    pytest.param(
        "POST", "/orders", b'{"quantity": [], "note": 1}', 400, "validation_error", id="wrong types"
    ),
    pytest.param("POST", "/orders", b'{"quantity": ', 400, "malformed_body", id="not JSON"),
    pytest.param("GET", "/nowhere", b"", 404, "not_found", id="no such path"),
    pytest.param("DELETE", "/orders", b"", 405, "method_not_allowed", id="no such method"),
    pytest.param("GET", "/sold-out", b"", 409, "sold_out", id="an error of an app"),
    pytest.param("GET", "/busy", b"", 429, "rate_limited", id="too many requests"),
    pytest.param("GET", "/crash", b"", 500, "internal_error", id="a crash"),
]


@pytest.mark.parametrize(("method", "url", "body", "status", "code"), CASES)
def test_refusals_share_one_envelope(ask, method, url, body, status, code):
    answer = ask(method, url, body)

    assert answer.status == status
    assert list(answer.body) == ["code", "message", "extra", "request_id"]
    assert answer.body["code"] == code
    assert answer.body["message"]
    assert isinstance(answer.body["extra"], dict)
    assert answer.body["request_id"] == REQUEST_ID
    assert answer.headers["x-request-id"] == REQUEST_ID
    assert answer.headers["content-type"].partition(";")[0] == "application/json"


def test_validation_names_each_field_with_sentences(ask):
    fields = ask("POST", "/orders", b'{"quantity": []}').body["extra"]["fields"]

    assert set(fields) == {"quantity", "note"}
    for sentences in fields.values():
        assert sentences
        assert all(isinstance(sentence, str) and sentence for sentence in sentences)


def test_extra_of_an_error_reaches_the_client(ask):
    assert ask("GET", "/sold-out").body["extra"] == {"lines": [{"product_id": 1, "available": 0}]}


def test_rate_limit_says_when_to_come_back(ask):
    answer = ask("GET", "/busy")
    assert answer.headers["retry-after"] == "7"
    assert answer.body["extra"]["retry_after"] == 7


def test_wrong_method_lists_the_right_ones(ask):
    assert "POST" in ask("DELETE", "/orders").headers["allow"]


def test_crash_tells_nothing_about_itself(ask):
    assert "secret detail" not in json.dumps(ask("GET", "/crash").body)


def test_request_id_that_is_unsafe_to_log_is_replaced(ask):
    answer = ask("GET", "/sold-out", request_id='"} forged {"')
    assert len(answer.body["request_id"]) == 32
    assert answer.headers["x-request-id"] == answer.body["request_id"]

"""Reading answers: the good ones, the refusals, and those that arrive at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
Json = Any
ENVELOPE = {"code", "message", "extra", "request_id"}


def ok(response: httpx.Response, status: int = 200) -> Json:
    """The body of an answer that must have ``status``; ``None`` when it has no body."""
    asked = f"{response.request.method} {response.request.url}"
    assert response.status_code == status, f"{asked} answered {response.status_code}: {response.text[:2000]}"
    return response.json() if response.content else None


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Json]:
    """``extra`` of a refusal that must have this status and stable code, in the one envelope."""
    body = ok(response, status)
    assert set(body) == ENVELOPE, body
    assert body["code"] == code, body
    assert body["message"], body
    assert body["request_id"] == response.headers["x-request-id"]
    extra: dict[str, Json] = body["extra"]
    return extra


def refused_field(response: httpx.Response, field: str) -> list[str]:
    """The sentences about one field of a request that must be refused as not valid."""
    fields = refused(response, 400, "validation_error")["fields"]
    assert field in fields, fields
    sentences: list[str] = fields[field]
    assert all(isinstance(sentence, str) and sentence for sentence in sentences)
    assert sentences
    return sentences


def not_found(response: httpx.Response) -> None:
    """Check that an answer is a 404 in the envelope, whatever the thing is called that was not found."""
    code = ok(response, 404)["code"]
    assert code.endswith("not_found"), code
    refused(response, 404, code)


def money(text: str) -> Decimal:
    """An amount of the API, which must be text with exactly two places."""
    assert isinstance(text, str), text
    assert text.count(".") == 1, text
    assert len(text.partition(".")[2]) == 2, text
    return Decimal(text)


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make all calls at the same moment, each in a thread of its own; their answers in the same order."""
    barrier = threading.Barrier(len(calls))

    def wait_and_call(call: Callable[[], T]) -> T:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))


def statuses(responses: Sequence[httpx.Response]) -> dict[int, int]:
    """How many answers have which status."""
    found = [response.status_code for response in responses]
    return {status: found.count(status) for status in sorted(set(found))}


def ids(things: list[Json]) -> list[int]:
    """Ids, in their order."""
    return [thing["id"] for thing in things]

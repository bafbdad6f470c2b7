"""A service that is late, down or mad costs a request at most its deadline, and soon nothing."""

import time
from collections.abc import Callable, Iterator

import pytest

from apps.core.ai_client import AiClient, AiUnavailable, ai_ask, ai_client
from tests.support.ai_server import AiServer, ai_server, items
from tests.support.polling import wait_until


@pytest.fixture
def server() -> Iterator[AiServer]:
    with ai_server() as running:
        yield running


@pytest.fixture
def client_to() -> Iterator[Callable[..., AiClient]]:
    made: list[AiClient] = []

    def make(server: AiServer, deadline_s: float = 2.0) -> AiClient:
        made.append(AiClient(service="thing", url=server.url, deadline_s=deadline_s))
        return made[-1]

    yield make
    for client in made:
        client.close()


def test_an_answer_comes_back(server, client_to):
    server.answers["/v1/q"] = items("A")
    client = client_to(server)
    assert client.ask("/v1/q", {"n": 1})["items"][0]["sku"] == "A"
    assert client.ask("/v1/q", {"n": 2})["source"] == "model"
    assert server.asked == [("/v1/q", {"n": 1}), ("/v1/q", {"n": 2})]


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"source": "made up"}', b'{"source": ["model"]}']
)
def test_nonsense_is_no_answer(server, client_to, raw):
    server.raw = raw
    with pytest.raises(AiUnavailable):
        client_to(server).ask("/v1/q", {})


def test_an_error_is_no_answer(server, client_to):
    server.status = 500
    with pytest.raises(AiUnavailable, match="500"):
        client_to(server).ask("/v1/q", {})


def test_silence_ends_at_the_deadline(server, client_to):
    server.hold.clear()
    began = time.monotonic()
    with pytest.raises(AiUnavailable):
        client_to(server, deadline_s=0.1).ask("/v1/q", {})
    assert time.monotonic() - began < 2  # the server would hold it for five


def test_an_answer_in_drips_ends_at_the_deadline(server, client_to):
    """Each byte comes in time; all of them do not."""
    server.drip_s = 0.05
    server.raw = b" " * 200
    began = time.monotonic()
    with pytest.raises(AiUnavailable):
        client_to(server, deadline_s=0.2).ask("/v1/q", {})
    assert time.monotonic() - began < 5  # all drips take ten


def test_after_three_failures_nothing_is_asked_until_it_has_rested(server, client_to):
    client = client_to(server)
    server.status = 503
    for _ in range(3):
        with pytest.raises(AiUnavailable):
            client.ask("/v1/q", {})
    for _ in range(20):
        with pytest.raises(AiUnavailable, match="breaker"):
            client.ask("/v1/q", {})
    assert len(server.asked) == 3
    server.status = 200

    def answers_again() -> bool:
        try:
            return client.ask("/v1/q", {})["source"] == "model"
        except AiUnavailable:
            return False

    wait_until(answers_again, timeout_s=10)


def test_a_connection_that_was_closed_meanwhile_is_opened_again(server, client_to):
    server.close_after = True
    client = client_to(server)
    for _ in range(3):
        assert client.ask("/v1/q", {})["source"] == "model"


def test_nobody_there():
    with pytest.raises(AiUnavailable):
        AiClient(service="thing", url="http://127.0.0.1:1", deadline_s=1).ask("/v1/q", {})


def test_what_is_not_configured_is_not_asked():
    ai_client.cache_clear()
    with pytest.raises(AiUnavailable, match="not configured"):
        ai_ask("nothing-of-the-kind", "/v1/q", {})

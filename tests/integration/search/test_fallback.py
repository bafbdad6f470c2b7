"""Elasticsearch down or slow: PostgreSQL answers in time, and says so."""

import socket
import time

import pytest

from apps.core.api.pagination import PageAsked
from apps.products.filters import ProductFilterSet
from apps.products.search.port import SearchAnswer, SearchAsked
from apps.search import bootstrap
from apps.search.errors import EngineUnavailable
from apps.search.postgres.engine import PostgresProductSearch
from apps.search.resilient import ResilientProductSearch
from meshop_shared.resilience import BreakerState, CircuitBreaker
from tests.support.api import client_of
from tests.support.factories import product_make

pytestmark = pytest.mark.django_db
URL = "/api/products/?search=kettle"


@pytest.fixture
def shop(settings):
    product_make(name="Copper Kettle")

    def use(url, timeout_s=0.3):
        settings.MESHOP = settings.MESHOP.model_copy(
            update={"elasticsearch_url": url, "search_timeout_s": timeout_s}
        )
        bootstrap._resilient.cache_clear()
        return client_of()

    yield use
    bootstrap._resilient.cache_clear()


def test_without_elasticsearch_postgresql_searches(shop):
    answer = shop("").get(URL)
    assert answer["X-Search-Source"] == "postgresql"
    assert answer.json()["count"] == 1


def test_down(shop):
    guest = shop("http://127.0.0.1:1")
    for _ in range(6):  # before and after the breaker opens
        answer = guest.get(URL)
        assert (answer.status_code, answer["X-Search-Source"], answer.json()["count"]) == (
            200,
            "postgresql",
            1,
        )
    assert guest.get("/api/products/suggest/?q=cop")["X-Search-Source"] == "postgresql"


def test_a_server_that_never_answers_costs_the_deadline_and_then_nothing(shop, settings):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        guest = shop(f"http://127.0.0.1:{silent.getsockname()[1]}")
        begin = time.monotonic()
        for _ in range(3):
            assert guest.get(URL)["X-Search-Source"] == "postgresql"
        assert time.monotonic() - begin >= 0.9
        assert bootstrap._resilient.cache_info().currsize == 1
        engine = bootstrap._resilient(settings.MESHOP.elasticsearch_url, settings.MESHOP.search_timeout_s)
        assert engine._breaker.state is BreakerState.OPEN


def test_the_breaker_heals(shop, monkeypatch):
    moment, asked = [0.0], []
    breaker = CircuitBreaker("x", failures=1, reset_s=2, counts=(EngineUnavailable,), clock=lambda: moment[0])

    class Primary:
        down = True

        def suggest(self, *, text, limit):
            asked.append(text)
            if self.down:
                raise EngineUnavailable()
            return [1], "elasticsearch"

        def search(self, asked: SearchAsked):
            raise EngineUnavailable()

    primary = Primary()
    engine = ResilientProductSearch(primary, PostgresProductSearch(), breaker)
    sources = [engine.suggest(text="cop", limit=1)[1] for _ in range(3)]
    primary.down, moment[0] = False, 2.0
    sources.append(engine.suggest(text="cop", limit=1)[1])
    assert sources == ["postgresql"] * 3 + ["elasticsearch"]
    assert len(asked) == 2


def test_what_the_index_does_not_have_yet_is_found_in_the_tables(shop):
    class Behind:
        def search(self, asked: SearchAsked):
            return SearchAnswer(ids=[], count=0, source="elasticsearch")

    breaker = CircuitBreaker("behind", failures=1, reset_s=2, counts=(EngineUnavailable,))
    engine = ResilientProductSearch(Behind(), PostgresProductSearch(), breaker)
    filters = ProductFilterSet({})
    filters.validate()

    def ask(text):
        page = PageAsked(10)
        return engine.search(SearchAsked(text=text, filters=filters, ordering="relevance", page=page))

    assert (ask("kettle").count, ask("kettle").source) == (1, "postgresql")
    assert (ask("zzyzx").count, ask("zzyzx").source) == (0, "elasticsearch")

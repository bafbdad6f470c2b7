"""Which engines a deployment has: chosen here, by the settings, and nowhere else."""

from functools import cache

from django.conf import settings

from apps.products.search.port import ProductSearch
from apps.search.counted import CountedProductSearch
from apps.search.elastic.client import elastic_client
from apps.search.elastic.engine import ElasticProductSearch
from apps.search.errors import EngineUnavailable
from apps.search.hybrid import HybridProductSearch
from apps.search.postgres.engine import PostgresProductSearch
from apps.search.resilient import ResilientProductSearch
from meshop_shared.metrics import BREAKER_OPEN
from meshop_shared.resilience import BreakerState, CircuitBreaker

_FAILURES, _RESET_S = 3, 2.0


def product_search() -> ProductSearch:
    """The engine that requests ask: PostgreSQL alone where there is no Elasticsearch."""
    url = settings.MESHOP.elasticsearch_url
    words = _resilient(url, settings.MESHOP.search_timeout_s) if url else _postgres()
    return CountedProductSearch(HybridProductSearch(words))


@cache
def _postgres() -> PostgresProductSearch:
    return PostgresProductSearch()


@cache
def _resilient(url: str, timeout_s: float) -> ResilientProductSearch:
    """One breaker for the process."""
    breaker = CircuitBreaker(
        "elasticsearch", failures=_FAILURES, reset_s=_RESET_S, counts=(EngineUnavailable,), on_change=_show
    )
    return ResilientProductSearch(
        ElasticProductSearch(elastic_client(url), timeout_s=timeout_s), _postgres(), breaker
    )


def _show(name: str, state: BreakerState) -> None:
    BREAKER_OPEN.labels(name).set(state is BreakerState.OPEN)

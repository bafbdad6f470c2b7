"""The process's connection to Elasticsearch. Its errors leave here as ours."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from elastic_transport import ConnectionTimeout, TransportError
from elasticsearch import ApiError, Elasticsearch

from apps.search.errors import EngineRefused, EngineUnavailable

#: The alias that is searched.
ALIAS = "products"
_BUSY = (404, 408, 429)


@cache
def elastic_client(url: str = "") -> Elasticsearch:
    """Client that never repeats a request by itself: whoever waits has a fallback."""
    logging.getLogger("elastic_transport").setLevel(logging.WARNING)
    return Elasticsearch(
        url or settings.MESHOP.elasticsearch_url,
        max_retries=0,
        retry_on_timeout=False,
        connections_per_node=16,
        # A node that failed once is asked again at once; whether to ask at all is the breaker's business.
        dead_node_backoff_factor=0,
        max_dead_node_backoff=0,
    )


@contextmanager
def errors_translated() -> Iterator[None]:
    """Raise :class:`EngineUnavailable` for what a healthy engine would not do, :class:`EngineRefused` for the rest."""
    try:
        yield
    except ConnectionTimeout as error:
        raise EngineUnavailable(extra={"reason": "timeout"}) from error
    except TransportError as error:
        raise EngineUnavailable(extra={"reason": type(error).__name__}) from error
    except ApiError as error:
        status = error.meta.status
        kind = EngineUnavailable if status >= 500 or status in _BUSY else EngineRefused
        raise kind(extra={"reason": str(error.message)[:200], "status": status}) from error

"""Two engines in one: the better one while it answers in time, the other one whenever it does not."""

import structlog
from prometheus_client import Counter

from apps.products.search.port import ProductSearch, SearchAnswer, SearchAsked, Source
from apps.search.elastic.engine import TooDeep
from apps.search.errors import EngineRefused, EngineUnavailable
from meshop_shared.resilience import BreakerOpen, CircuitBreaker

SEARCHES = Counter("meshop_searches_total", "Searches answered.", ["source", "why"])
log = structlog.get_logger(__name__)


class ResilientProductSearch:
    """Implements ``ProductSearch``: asks ``primary`` through a breaker, else ``fallback``.

    The primary keeps its own deadline, so a caller waits at most that long before the fallback starts; with the breaker
    open it does not wait at all. One probe after a rest lets the primary back in.
    """

    def __init__(self, primary: ProductSearch, fallback: ProductSearch, breaker: CircuitBreaker) -> None:
        self._primary, self._fallback, self._breaker = primary, fallback, breaker

    def search(self, asked: SearchAsked) -> SearchAnswer:
        """The primary's answer, or the fallback's; also where the primary finds nothing.

        An index is a moment behind the tables: what somebody has just added, they find.
        """
        try:
            answer = self._breaker.call(lambda: self._primary.search(asked))
        except (BreakerOpen, EngineUnavailable, EngineRefused, TooDeep) as error:
            self._note(error)
            return self._fallback.search(asked)
        if asked.text and not answer.count and (newer := self._fallback.search(asked)).count:
            SEARCHES.labels(newer.source, "nothing in the index").inc()
            return newer
        SEARCHES.labels(answer.source, "").inc()
        return answer

    def suggest(self, *, text: str, limit: int) -> tuple[list[int], Source]:
        """The same for suggestions."""
        try:
            answer = self._breaker.call(lambda: self._primary.suggest(text=text, limit=limit))
        except (BreakerOpen, EngineUnavailable, EngineRefused) as error:
            self._note(error)
            return self._fallback.suggest(text=text, limit=limit)
        if not answer[0] and (newer := self._fallback.suggest(text=text, limit=limit))[0]:
            return newer
        SEARCHES.labels(answer[1], "").inc()
        return answer

    @staticmethod
    def _note(error: Exception) -> None:
        why = type(error).__name__
        SEARCHES.labels("postgresql", why).inc()
        if isinstance(error, EngineRefused):
            log.error("search engine refused", **error.extra)
        elif isinstance(error, EngineUnavailable):
            log.warning("search engine unavailable", **error.extra)

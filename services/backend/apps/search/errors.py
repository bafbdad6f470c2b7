"""What can go wrong between us and a search engine."""

from meshop_shared.errors import ServiceUnavailable


class EngineUnavailable(ServiceUnavailable):
    """503: the search engine is down, too slow, or has no index. Counted by the breaker."""

    code = "search_unavailable"
    message = "Search is not answering."


class EngineRefused(ServiceUnavailable):
    """503: the search engine does not understand us, which is a mistake of ours. Not counted by the breaker."""

    code = "search_refused"
    message = "Search could not be asked that."

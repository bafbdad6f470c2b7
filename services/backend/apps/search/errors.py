"""What can go wrong between us and a search engine."""

from meshop_shared.errors import Conflict, ServiceUnavailable


class EngineUnavailable(ServiceUnavailable):
    """503: the search engine is down, too slow, or has no index. Counted by the breaker."""

    code = "search_unavailable"
    message = "Search is not answering."


class EngineRefused(ServiceUnavailable):
    """503: the search engine does not understand us, which is a mistake of ours. Not counted by the breaker."""

    code = "search_refused"
    message = "Search could not be asked that."


class GenerationBusy(Conflict):
    """409: another process is doing this to the search index."""

    code = "generation_busy"
    message = (
        "Another process is working on this generation of the search index; try again when it has finished."
    )


class GenerationRefused(Conflict):
    """409: the state of the generations does not allow this. ``extra`` says what was found."""

    code = "generation_refused"
    message = "The search index is not in a state that allows this."


class GenerationBroken(Conflict):
    """409: a generation failed its verification. ``extra`` says in what."""

    code = "generation_broken"
    message = "The new search index is not what the catalogue is; it is not put to use."


class DiskShort(Conflict):
    """409: the search engine has no room for another generation. ``extra`` has bytes."""

    code = "disk_short"
    message = "The search engine has too little free disk for another generation."

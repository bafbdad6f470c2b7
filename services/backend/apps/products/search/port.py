"""The port of product search: what is asked, what is answered, and who answers."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from apps.core.api.pagination import Links, PageAsked
from apps.products.filters import ProductFilterSet

Source = Literal["elasticsearch", "postgresql"]
Mode = Literal["hybrid", "lexical"]
#: ``"a phrase"``, ``-not``, ``this or that``: then the searcher knows what they mean.
OPERATORS = re.compile(r'"|(^|\s)-\S|\sor\s', re.IGNORECASE)
#: What stays of such a text when it is read as words: all but the signs, and what must not be there.
_SIGNS = re.compile(r'(^|\s)-\S+|"|(?<=\s)or(?=\s)', re.IGNORECASE)
#: Fewer matches than these of all words as they are known: then words are read more freely.
FEW = 3


def words_alone(text: str) -> str:
    """``text`` without operators, for when nothing is as they say: quotes are part of many names."""
    return _SIGNS.sub(" ", text).strip() if OPERATORS.search(text) else text


@dataclass(frozen=True, slots=True)
class SearchAsked:
    """A search. ``text`` may be empty: then everything that ``filters`` (validated) lets through is meant."""

    text: str
    filters: ProductFilterSet
    #: One of ``apps.products.filters.ORDERINGS``.
    ordering: str
    page: PageAsked
    facets: bool = False
    highlights: bool = False
    #: Whether meaning may help, where there is a service that knows it.
    mode: Mode = "hybrid"


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """One page of matches, best first. ``count`` is exact unless ``count_is_exact`` says "at least so many"."""

    ids: list[int]
    count: int
    source: Source
    following: Links = None
    previous: Links = None
    count_is_exact: bool = True
    #: ``{"brand": [{"value": "Acme", "count": 3}, …], …}``; ``None`` when not asked for.
    facets: dict[str, Any] | None = None
    #: Product id → field → the text with ``<em>`` around what matched; HTML in it is escaped.
    highlights: dict[int, dict[str, str]] = field(default_factory=dict)
    #: A better spelling of the text, if there seems to be one.
    did_you_mean: str | None = None
    #: ``hybrid`` when meaning took part.
    mode: Mode = "lexical"
    #: Parts of the text that were read as filters, in words.
    read_as: list[str] = field(default_factory=list)


class ProductSearch(Protocol):
    """Finds products by what people type: exact SKU or slug first, then by words, forgiving typos.

    Never sees a text longer than ``MAX_SEARCH_LENGTH``. Ids may be of products that have changed a moment ago: the
    caller reads the rows, and drops what is not there or not shown any more.
    """

    def search(self, asked: SearchAsked) -> SearchAnswer:
        """Return a page. Raises ``PageNotFound``, and ``ValidationFailed`` for a cursor that is not ours."""
        ...

    def suggest(self, *, text: str, limit: int) -> tuple[list[int], Source]:
        """Return ids of at most ``limit`` shown products that ``text`` is probably the beginning of, best first."""
        ...

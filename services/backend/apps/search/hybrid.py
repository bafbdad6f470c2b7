"""Words and meaning in one: the engine's ranking joined with that of the service ``semantic_search``."""

import re
from dataclasses import replace
from typing import Any

from django.conf import settings
from pydantic import BaseModel, ValidationError

from apps.core.ai_client import AiUnavailable, ai_ask
from apps.core.api.pagination import PageAsked, PageNotFound
from apps.products.filters import ProductFilterSet
from apps.products.models import Product
from apps.products.search.port import OPERATORS, ProductSearch, SearchAnswer, SearchAsked, Source
from apps.search.selectors import QueryRules, query_rules
from meshop_shared.fusion import Weights, fused

#: Best matches of the words whose order meaning may change, and nearest products asked for.
WINDOW = 100
#: Part of a number or of a slug: such a word is a name, not a meaning.
_CODE = re.compile(r"^\S*[\d_-]\S*$")


class _Hit(BaseModel):
    product_id: int
    score: float


class _Fusion(BaseModel):
    lexical: float
    depth: float
    least: float
    extra: int


class Near(BaseModel):
    """The answer of the service, as far as it is needed here."""

    text: str
    min_price: str | None
    max_price: str | None
    in_stock: bool
    attributes: dict[str, str]
    complete: bool
    exact: int | None
    fusion: _Fusion
    items: list[_Hit]
    reasons: list[str]


class HybridProductSearch:
    """Implements ``ProductSearch``: asks the service what is near and the engine ``words`` what has the words.

    Everything that has an order or a meaning of its own stays with the words: other orderings, cursors, operators,
    codes, and queries with pins or boosts. So does everything when the service does not answer in time.
    """

    def __init__(self, words: ProductSearch) -> None:
        self._words = words

    def search(self, asked: SearchAsked) -> SearchAnswer:
        """A page of both, best first; filters hold for all of it."""
        near = _near(asked) if _applies(asked) else None
        if near is None:
            return self._words.search(asked)
        asked = replace(asked, text=near.text, filters=_narrowed(asked.filters, near))
        first = self._words.search(replace(asked, page=PageAsked(WINDOW)))
        ranking = _ranking(first, near, asked.filters)
        return self._page(asked, first, ranking, near)

    def suggest(self, *, text: str, limit: int) -> tuple[list[int], Source]:
        """What is half typed has no meaning yet."""
        return self._words.suggest(text=text, limit=limit)

    def _page(self, asked: SearchAsked, first: SearchAnswer, ranking: list[int], near: Near) -> SearchAnswer:
        """The page out of the joined ranking, and behind its end out of that of the words alone."""
        added = len(ranking) - len(first.ids)
        start, count = (asked.page.number - 1) * asked.page.size, first.count + added
        if start >= count and asked.page.number > 1:
            raise PageNotFound
        ids = ranking[start : start + asked.page.size]
        highlights = first.highlights
        if len(ids) < asked.page.size and first.count > WINDOW:
            rest, more = self._behind(
                asked, begin=max(start - added, WINDOW), size=asked.page.size - len(ids)
            )
            ids, highlights = ids + rest, highlights | more
        return replace(
            first,
            ids=ids,
            count=count,
            highlights={one: highlights[one] for one in ids if one in highlights},
            following={"page": str(asked.page.number + 1)} if start + asked.page.size < count else None,
            previous={"page": str(asked.page.number - 1)} if asked.page.number > 1 else None,
            read_as=near.reasons,
            mode="hybrid",
        )

    def _behind(
        self, asked: SearchAsked, *, begin: int, size: int
    ) -> tuple[list[int], dict[int, dict[str, str]]]:
        """Matches of the words from the place ``begin`` on, through one page or two of the engine."""
        ids: list[int] = []
        highlights: dict[int, dict[str, str]] = {}
        for number in range(begin // WINDOW, (begin + size - 1) // WINDOW + 1):
            try:
                page = PageAsked(WINDOW, number=number + 1)
                answer = self._words.search(replace(asked, page=page, facets=False))
            except PageNotFound:
                break
            ids += answer.ids
            highlights |= answer.highlights
        skipped = begin % WINDOW
        return ids[skipped : skipped + size], highlights


def _applies(asked: SearchAsked) -> bool:
    return (
        asked.text != ""
        and asked.mode == "hybrid"
        and asked.ordering == "relevance"
        and asked.page.cursor is None
        and not OPERATORS.search(asked.text)
        and not _CODE.match(asked.text)
        and "semantic_search" in settings.MESHOP.ai_urls
        and query_rules(text=asked.text) == QueryRules()
    )


def _near(asked: SearchAsked) -> Near | None:
    try:
        near = Near.model_validate(
            ai_ask("semantic_search", "/v1/search", {"text": asked.text, "limit": WINDOW})
        )
    except (AiUnavailable, ValidationError):
        return None
    return near if near.items or near.reasons else None


def _narrowed(filters: ProductFilterSet, near: Near) -> ProductFilterSet:
    """The caller's filters, and those that the text asks for where the caller said nothing."""
    said: dict[str, Any] = {f"attr.{name}": value for name, value in near.attributes.items()}
    said |= {"min_price": near.min_price, "max_price": near.max_price, "in_stock": near.in_stock or None}
    given = {name: filters.data[name] for name in filters.data}
    added = {name: value for name, value in said.items() if value is not None and name not in given}
    if not added:
        return filters
    narrowed = ProductFilterSet(given | added)
    narrowed.validate()
    return narrowed


def _ranking(first: SearchAnswer, near: Near, filters: ProductFilterSet) -> list[int]:
    """Both joined, the product with the very SKU first; what only the service knows passes the filters first.

    When the words find more than the window there is nothing to add: it might stand among the others, too.
    """
    cosines = {hit.product_id: hit.score for hit in near.items}
    weights = Weights(**near.fusion.model_dump())
    complete = near.complete or first.count > len(first.ids)
    ranking = fused(first.ids, cosines, weights=weights, complete=complete)
    known = set(first.ids)
    new = [product for product in ranking if product not in known]
    if new:
        allowed = set(
            filters.filter_queryset(Product.objects.filter(pk__in=new)).values_list("pk", flat=True)
        )
        ranking = [product for product in ranking if product in known or product in allowed]
    return sorted(ranking, key=lambda product: product != near.exact)

"""The port of product search, in PostgreSQL: the only engine where there is no other, the fallback where there is."""

import html
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from apps.core.api.pagination import Ordering, PageNotFound
from apps.products.counts import list_length
from apps.products.filters import ProductFilterSet
from apps.products.models import Product
from apps.products.search.port import SearchAnswer, SearchAsked, Source
from apps.products.search.postgres import MARKS, ProductWords, Reading
from apps.search.cursors import Cursor, cursor_decode
from apps.search.moments import moment_to_us, us_to_moment
from apps.search.postgres.facets import facets_count
from apps.search.selectors import QueryRules, query_wishes

SOURCE: Source = "postgresql"
_ORDERINGS = {
    "price": Ordering(("price_minor", "id")),
    "-price": Ordering(("price_minor", "id"), descending=True),
    "name": Ordering(("name", "id")),
    "-name": Ordering(("name", "id"), descending=True),
    "newest": Ordering(("created_at", "id"), descending=True),
    "rating": Ordering(("rating", "id"), descending=True),
    "relevance": Ordering(("relevance", "id"), descending=True),
}
#: The index holds moments as microseconds; so do cursors.
_MOMENT = "newest"


class PostgresProductSearch:
    """Implements :class:`apps.products.search.port.ProductSearch`."""

    def __init__(self) -> None:
        self._words = ProductWords()

    def search(self, asked: SearchAsked) -> SearchAnswer:
        """A constant number of statements."""
        ordering = _ORDERINGS[
            "newest" if not asked.text and asked.ordering == "relevance" else asked.ordering
        ]
        cursor = cursor_decode(asked.page.cursor, asked.ordering) if asked.page.cursor else None
        found = self._found(asked)
        matches = found.matches(asked.filters)
        names = [name for name in ordering.fields if name != "relevance"]
        total = _count(asked, matches, found.rules)
        rows, following, previous = _page(asked, matches.only(*names), ordering, cursor, total)
        ids = [row.pk for row in rows]
        return SearchAnswer(
            ids=ids,
            count=total,
            source=SOURCE,
            following=following,
            previous=previous,
            facets=facets_count(asked.filters, found.matches) if asked.facets else None,
            highlights=found.highlights(ids) if asked.highlights else {},
            did_you_mean=found.reading.better_spelling() if found.reading else None,
        )

    def suggest(self, *, text: str, limit: int) -> tuple[list[int], Source]:
        """Names that begin so, then words that do."""
        return self._words.suggest(text=text, limit=limit), SOURCE

    def _found(self, asked: SearchAsked) -> "_Found":
        if not asked.text:
            return _Found(self._words, None, QueryRules(), {})
        rules, synonyms = query_wishes(text=asked.text)
        return _Found(self._words, self._words.read(asked.text), rules, synonyms)


@dataclass(frozen=True, slots=True)
class _Found:
    """A text as the shop understands it."""

    words: ProductWords
    reading: Reading | None
    rules: QueryRules
    synonyms: dict[str, list[str]]

    def matches(self, filters: ProductFilterSet) -> QuerySet[Product]:
        """Matches among what ``filters`` lets through."""
        if self.reading is None:
            return filters.filter_queryset(Product.objects.all())
        return self.words.search(
            reading=self.reading,
            filters=filters,
            pins=self.rules.pins,
            boosts=self.rules.boosts,
            synonyms=self.synonyms,
        )

    def highlights(self, ids: list[int]) -> dict[int, dict[str, str]]:
        """Marked texts of these products."""
        if self.reading is None:
            return {}
        found = self.words.headlines(reading=self.reading, ids=ids, synonyms=self.synonyms)
        return {
            pk: {
                name: html.escape(text).replace(MARKS[0], "<em>").replace(MARKS[1], "</em>")
                for name, text in fields.items()
            }
            for pk, fields in found.items()
        }


def _count(asked: SearchAsked, matches: QuerySet[Product], rules: QueryRules) -> int:
    """Length of the list, counted once per state of the catalogue."""
    data = sorted(
        (name, str(value)) for name, value in asked.filters.form.cleaned_data.items() if name != "ordering"
    )
    name = f"search {asked.text!r} {data} {sorted(asked.filters.attributes.items())} {rules.pins}"
    stock = asked.filters.form.cleaned_data["in_stock"] is not None
    return list_length(name=name, depends_on_stock=stock, make=matches.order_by().count)


def _page(
    asked: SearchAsked, matches: QuerySet[Product], ordering: Ordering, cursor: Cursor | None, total: int
) -> tuple[list[Product], Any, Any]:
    size = asked.page.size
    if asked.page.cursor is None:
        start = (asked.page.number - 1) * size
        if start >= total and start:
            raise PageNotFound()
        rows = list(matches.order_by(*ordering.expressions())[start : start + size])
        following = {"page": str(asked.page.number + 1)} if start + size < total else None
        return rows, following, {"page": str(asked.page.number - 1)} if start else None
    backwards = bool(cursor and cursor.backwards)
    start = cursor.offset if cursor else 0
    if cursor and cursor.source != SOURCE and asked.ordering == "relevance":
        begin = max(0, start - size) if backwards else start
        rows = list(matches.order_by(*ordering.expressions())[begin : begin + size + 1])
        more, rows = (begin > 0, rows[: start - begin]) if backwards else (len(rows) > size, rows[:size])
    else:
        if cursor:
            position = _from_neutral(cursor.position, asked.ordering)
            matches = matches.filter(ordering.beyond(position, backwards=backwards))
        rows = list(matches.order_by(*ordering.expressions(backwards=backwards))[: size + 1])
        more, rows = len(rows) > size, rows[:size]
        if backwards:
            rows.reverse()
    if not rows:
        return [], None, None
    first = max(0, start - len(rows)) if backwards else start
    has_next, has_previous = (True, more) if backwards else (more, cursor is not None)
    after = Cursor(SOURCE, _to_neutral(ordering.position_of(rows[-1]), asked.ordering), first + len(rows))
    ahead = Cursor(SOURCE, _to_neutral(ordering.position_of(rows[0]), asked.ordering), first, True)
    return (
        rows,
        {"cursor": after.encode(asked.ordering)} if has_next else None,
        {"cursor": ahead.encode(asked.ordering)} if has_previous else None,
    )


def _to_neutral(position: list[Any], ordering: str) -> list[Any]:
    return [moment_to_us(position[0]), position[1]] if ordering == _MOMENT else position


def _from_neutral(position: list[Any], ordering: str) -> list[Any]:
    return [us_to_moment(position[0]), position[1]] if ordering == _MOMENT else position

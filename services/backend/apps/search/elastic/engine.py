"""The port of product search, in Elasticsearch."""

import html
from collections.abc import Mapping
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from apps.core.api.pagination import PageNotFound
from apps.products.search.port import FEW, OPERATORS, SearchAnswer, SearchAsked, Source
from apps.search.cursors import Cursor, cursor_decode
from apps.search.elastic import queries
from apps.search.elastic.client import ALIAS, errors_translated
from apps.search.elastic.facets import facet_aggregations, facets_read
from apps.search.selectors import QueryRules, query_rules
from meshop_shared.resilience import Deadline

SOURCE: Source = "elasticsearch"
#: Counts beyond this are "at least so many", unless facets make Elasticsearch visit every match anyway.
COUNT_LIMIT = 10_000
#: Deeper pages by number are not served by this engine.
MAX_WINDOW = 10_000
SNAPSHOT_KEEP = "1m"
_MARK, _END = "\x02", "\x03"


class TooDeep(Exception):
    """A page by number that lies too deep for this engine."""


class ElasticProductSearch:
    """Implements :class:`apps.products.search.port.ProductSearch`, each call within ``timeout_s``."""

    def __init__(self, client: Elasticsearch, *, timeout_s: float, alias: str = ALIAS) -> None:
        self._client, self._timeout_s, self._alias = client, timeout_s, alias

    def search(self, asked: SearchAsked) -> SearchAnswer:
        """One request; a second one, more forgiving, when the first finds next to nothing."""
        deadline = Deadline(self._timeout_s)
        cursor = cursor_decode(asked.page.cursor, asked.ordering) if asked.page.cursor else None
        rules = query_rules(text=asked.text)
        relaxed = cursor is not None and cursor.relaxed
        body = self.body(asked, rules, relaxed=relaxed)
        with errors_translated():
            self._place(body, asked, cursor, deadline)
            answer = self._ask(body, deadline)
            if asked.text and cursor is None and answer["hits"]["total"]["value"] < _enough(asked.text):
                relaxed = True
                body["query"]["bool"]["must"] = [queries.text_query(asked.text, rules, relaxed=True)]
                answer = self._ask(body, deadline)
        return self._answer(asked, answer, cursor, relaxed=relaxed)

    def suggest(self, *, text: str, limit: int) -> tuple[list[int], Source]:
        """Names that begin so come first, shorter names before longer ones by their norms."""
        body = {
            "query": queries.completion_query(text),
            "size": limit,
            "_source": False,
            "sort": [{"_score": "desc"}, {"id": "asc"}],
            "track_total_hits": False,
        }
        with errors_translated():
            answer = self._ask(body, Deadline(self._timeout_s))
        return [int(hit["_id"]) for hit in answer["hits"]["hits"]], SOURCE

    def body(self, asked: SearchAsked, rules: QueryRules, *, relaxed: bool = False) -> dict[str, Any]:
        """What Elasticsearch is asked, but for the page."""
        clauses = queries.filter_clauses(asked.filters)
        body: dict[str, Any] = {
            "query": {"bool": {"must": [queries.text_query(asked.text, rules, relaxed=relaxed)]}},
            "size": asked.page.size + 1,
            "_source": False,
            "sort": queries.SORTS[asked.ordering],
            "track_total_hits": True if asked.facets else COUNT_LIMIT,
        }
        if asked.ordering == "relevance":
            body["track_scores"] = True
        if asked.facets:
            # Facets see the matches before the filters; each applies the filters but its own.
            body["query"]["bool"]["filter"] = [clauses.pop("is_active")]
            body["post_filter"] = {"bool": {"filter": list(clauses.values())}}
            body["aggs"] = facet_aggregations(clauses)
        else:
            body["query"]["bool"]["filter"] = list(clauses.values())
        if asked.text:
            body["suggest"] = queries.spelling(asked.text)
        if asked.highlights and asked.text:
            body["highlight"] = _HIGHLIGHT
        return body

    def _place(
        self, body: dict[str, Any], asked: SearchAsked, cursor: Cursor | None, deadline: Deadline
    ) -> None:
        """Say which page: by number, or behind a cursor in the state of the index that its first page saw."""
        size = asked.page.size
        if asked.page.cursor is None:
            body["from"] = (asked.page.number - 1) * size
            if body["from"] + size + 1 > MAX_WINDOW:
                raise TooDeep
            return
        by_score = asked.ordering == "relevance"
        if cursor is None:
            body["pit"] = {"id": self._snapshot(deadline), "keep_alive": SNAPSHOT_KEEP}
        elif cursor.source == SOURCE or not by_score:
            if cursor.snapshot:
                body["pit"] = {"id": cursor.snapshot, "keep_alive": SNAPSHOT_KEEP}
            body["search_after"] = cursor.position
            if cursor.backwards:
                body["sort"] = queries.sort_reversed(body["sort"])
        else:
            start = max(0, cursor.offset - size) if cursor.backwards else cursor.offset
            body["from"] = start
            if start + size + 1 > MAX_WINDOW:
                raise TooDeep

    def _snapshot(self, deadline: Deadline) -> str:
        client = self._client.options(request_timeout=deadline.remaining())
        return str(client.open_point_in_time(index=self._alias, keep_alive=SNAPSHOT_KEEP)["id"])

    def _ask(self, body: dict[str, Any], deadline: Deadline) -> Mapping[str, Any]:
        """Search; when the snapshot of a cursor is gone, in the present state instead."""
        client = self._client.options(request_timeout=deadline.remaining())
        try:
            if "pit" in body:
                return client.search(body=body).body
            return client.search(index=self._alias, body=body).body
        except NotFoundError:
            if "pit" not in body:
                raise
            del body["pit"]
            return self._ask(body, deadline)

    def _answer(
        self, asked: SearchAsked, answer: Mapping[str, Any], cursor: Cursor | None, *, relaxed: bool
    ) -> SearchAnswer:
        size, number = asked.page.size, asked.page.number
        hits = answer["hits"]["hits"]
        total = answer["hits"]["total"]
        backwards = (
            cursor is not None
            and cursor.backwards
            and (cursor.source == SOURCE or asked.ordering != "relevance")
        )
        more, hits = len(hits) > size, hits[:size]
        if backwards:
            hits.reverse()
        if asked.page.cursor is None:
            if not hits and number > 1:
                raise PageNotFound()
            following = {"page": str(number + 1)} if more else None
            previous = {"page": str(number - 1)} if number > 1 else None
        else:
            following, previous = _cursor_links(
                asked, answer, hits, cursor, more=more, backwards=backwards, relaxed=relaxed
            )
        return SearchAnswer(
            ids=[int(hit["_id"]) for hit in hits],
            count=total["value"],
            count_is_exact=total["relation"] == "eq",
            source=SOURCE,
            following=following,
            previous=previous,
            facets=facets_read(answer["aggregations"]) if asked.facets else None,
            highlights={int(hit["_id"]): _highlighted(hit) for hit in hits if "highlight" in hit},
            did_you_mean=_better_spelling(asked.text, answer),
        )


_HIGHLIGHT = {
    "pre_tags": [_MARK],
    "post_tags": [_END],
    "fields": {
        "name": {"number_of_fragments": 0},
        "brand_name": {"number_of_fragments": 0},
        "description": {"number_of_fragments": 1, "fragment_size": 160},
    },
    "require_field_match": False,
}


def _enough(text: str) -> int:
    """So many matches, or words are read more freely; who writes operators has said what they mean, if it is there."""
    return 1 if OPERATORS.search(text) else FEW


def _cursor_links(
    asked: SearchAsked,
    answer: Mapping[str, Any],
    hits: list[Any],
    cursor: Cursor | None,
    *,
    more: bool,
    backwards: bool,
    relaxed: bool,
) -> tuple[dict[str, str] | None, dict[str, str] | None]:
    if not hits:
        return None, None
    snapshot = str(answer.get("pit_id", ""))
    before = cursor.offset if cursor else 0
    start = max(0, before - len(hits)) if cursor and cursor.backwards else before
    has_next, has_previous = (True, more) if backwards else (more, cursor is not None and start > 0)
    after = Cursor(SOURCE, hits[-1]["sort"][:2], start + len(hits), False, snapshot, relaxed)
    ahead = Cursor(SOURCE, hits[0]["sort"][:2], start, True, snapshot, relaxed)
    return (
        {"cursor": after.encode(asked.ordering)} if has_next else None,
        {"cursor": ahead.encode(asked.ordering)} if has_previous else None,
    )


def _highlighted(hit: Mapping[str, Any]) -> dict[str, str]:
    names = {"brand_name": "brand"}
    return {
        names.get(name, name): html.escape(" … ".join(parts)).replace(_MARK, "<em>").replace(_END, "</em>")
        for name, parts in hit["highlight"].items()
    }


def _better_spelling(text: str, answer: Mapping[str, Any]) -> str | None:
    """The text with each unknown word replaced by the likeliest known one."""
    better, moved = text, 0
    for word in answer.get("suggest", {}).get("words", ()):
        if word["options"]:
            at, length, known = word["offset"] + moved, word["length"], word["options"][0]["text"]
            better = better[:at] + known + better[at + length :]
            moved += len(known) - length
    return better if better != text else None

"""What we ask Elasticsearch: pure functions from a search to the body of a request."""

import re
from typing import Any

from apps.products.filters import ProductFilterSet
from apps.products.models import Tag
from apps.products.selectors import category_branch_ids
from apps.search.documents import attribute_token
from apps.search.selectors import QueryRules
from apps.search.texts import OPERATORS, normalise
from meshop_shared.errors import ValidationFailed

Query = dict[str, Any]

#: Scores of words stay far below both.
PIN, EXACT = 1_000_000.0, 10_000.0
#: One slip in words of four letters and more, two in words of nine.
FUZZY = {"fuzziness": "AUTO:3,9", "prefix_length": 0, "max_expansions": 40}
SORTS: dict[str, list[dict[str, str]]] = {
    "price": [{"price_minor": "asc"}, {"id": "asc"}],
    "-price": [{"price_minor": "desc"}, {"id": "desc"}],
    "name": [{"name_sort": "asc"}, {"id": "asc"}],
    "-name": [{"name_sort": "desc"}, {"id": "desc"}],
    "newest": [{"created_us": "desc"}, {"id": "desc"}],
    "rating": [{"rating": "desc"}, {"id": "desc"}],
    "relevance": [{"_score": "desc"}, {"id": "desc"}],
}
_MAX_WORDS = 16


def sort_reversed(sort: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same order, from its end."""
    other = {"asc": "desc", "desc": "asc"}
    return [{name: other[way] for name, way in part.items()} for part in sort]


def filter_clauses(filters: ProductFilterSet) -> dict[str, Query]:
    """Each filter's condition by its name, so that a facet can leave out its own."""
    asked = filters.form.cleaned_data
    active = asked["is_active"] is not False
    clauses: dict[str, Query] = {"is_active": {"term": {"is_active": active}}}
    if asked["category"]:
        clauses["category"] = {"term": {"category_ids": _category_id(asked["category"])}}
    price = {
        way: asked[name]
        for way, name in (("gte", "min_price"), ("lte", "max_price"))
        if asked[name] is not None
    }
    if price:
        clauses["price"] = {"range": {"price_minor": price}}
    if asked["brand"]:
        clauses["brand"] = {"term": {"brand": asked["brand"]}}
    if asked["tag"]:
        clauses["tag"] = {"terms": {"tag_ids": _tag_ids(asked["tag"])}}
    if asked["in_stock"] is not None:
        clauses["in_stock"] = {"term": {"in_stock": asked["in_stock"]}}
    if asked["min_rating"] is not None:
        clauses["rating"] = {"range": {"rating": {"gte": float(asked["min_rating"])}}}
    for name, values in filters.attributes.items():
        tokens = sorted({attribute_token(name, value) for value in values})
        clauses[f"attr.{name}"] = {"terms": {"attributes": tokens}}
    return clauses


def text_query(text: str, rules: QueryRules, *, relaxed: bool = False) -> Query:
    """Matches of ``text``, with what the rules want. ``relaxed`` lets a third of the words be wrong altogether."""
    if not text:
        return {"match_all": {}}
    words = _operators(text) if OPERATORS.search(text) else _words(text, relaxed=relaxed)
    query: Query = {
        "bool": {
            "should": [words, _constant({"terms": {"codes": [normalise(text)]}}, EXACT)],
            "minimum_should_match": 1,
        }
    }
    if rules.boosts:
        functions = [
            {"filter": {"term": {"id": pk}}, "weight": factor} for pk, factor in rules.boosts.items()
        ]
        query = {
            "function_score": {
                "query": query,
                "functions": functions,
                "score_mode": "multiply",
                "boost_mode": "multiply",
            }
        }
    if rules.pins:
        pins = [_constant({"term": {"id": pk}}, PIN - 1000.0 * at) for at, pk in enumerate(rules.pins)]
        query = {"bool": {"should": [query, *pins], "minimum_should_match": 1}}
    return query


def _words(text: str, *, relaxed: bool) -> Query:
    text = " ".join(text.split()[:_MAX_WORDS])
    must = {"query": text, **FUZZY, "minimum_should_match": "2<67%"} if relaxed else {
        "query": text, **FUZZY, "operator": "and"
    }  # fmt: skip
    return {
        "bool": {
            "filter": [{"match": {"all": must}}],
            "should": [
                {"match": {"name": {"query": text, "boost": 3}}},
                {"match": {"name.plain": {"query": text, **FUZZY, "boost": 1.5}}},
                {"match_phrase": {"name.plain": {"query": text, "slop": 2, "boost": 2}}},
                {"match": {"brand_name": {"query": text, "boost": 1.5}}},
                {"match": {"category_names": {"query": text}}},
                {"match": {"tag_names": {"query": text}}},
                {"match": {"attribute_words": {"query": text}}},
                {"match": {"description": {"query": text, "boost": 0.5}}},
            ],
            # What is filtered has no score of its own; something must say that it is a match at all.
            "must": [_constant({"match_all": {}}, 0.01)],
        }
    }


def _operators(text: str) -> Query:
    asked = re.sub(r"\sor\s", " | ", text, flags=re.IGNORECASE)
    common = {"query": asked, "default_operator": "and", "flags": "PHRASE|NOT|OR|WHITESPACE"}
    return {
        "bool": {
            # One field decides what matches: a word that must not be there must be nowhere.
            "must": [{"simple_query_string": {**common, "fields": ["all"]}}],
            "should": [{"simple_query_string": {**common, "default_operator": "or", "fields": ["name^3"]}}],
        }
    }


def spelling(text: str) -> Query:
    """A suggester that corrects words which the catalogue does not have."""
    term = {
        "field": "name.plain",
        "suggest_mode": "missing",
        "min_word_length": 3,
        "prefix_length": 0,
        "size": 1,
    }
    return {"text": text, "words": {"term": term}}


def completion_query(text: str) -> Query:
    """Products that ``text`` may be the beginning of."""
    return {
        "bool": {
            "filter": [{"term": {"is_active": True}}],
            "must": [
                {
                    "dis_max": {
                        "queries": [
                            _constant({"prefix": {"name_sort": {"value": text, "case_insensitive": True}}}, 100.0),
                            {"match": {"name.begin": {"query": text, "operator": "and", "boost": 4}}},
                            {
                                "match": {
                                    "name.begin": {"query": text, "operator": "and", "fuzziness": "AUTO:4,9",
                                                   "prefix_length": 1, "boost": 0.5}
                                }
                            },
                            {"match": {"all": {"query": text, "operator": "and", "boost": 0.2}}},
                        ]
                    }
                }
            ],
        }
    }  # fmt: skip


def _constant(query: Query, score: float) -> Query:
    return {"constant_score": {"filter": query, "boost": score}}


def _category_id(slug: str) -> int:
    ids = category_branch_ids(slug=slug)
    if ids is None:
        raise ValidationFailed.for_field("category", "There is no such category.")
    return ids[0]


def _tag_ids(name: str) -> list[int]:
    return list(
        Tag.objects.filter(slug=name).union(Tag.objects.filter(name=name)).values_list("pk", flat=True)
    )

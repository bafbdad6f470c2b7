"""What we ask Elasticsearch: pure functions from a search to the body of a request."""

import re
from typing import Any

from apps.products.filters import ProductFilterSet
from apps.products.models import Tag
from apps.products.search.port import OPERATORS, words_alone
from apps.products.selectors import category_branch_ids
from apps.search.documents import attribute_token
from apps.search.selectors import QueryRules
from apps.search.texts import normalise
from meshop_shared.errors import ValidationFailed

Query = dict[str, Any]

#: Scores of words stay far below both.
PIN, EXACT = 1_000_000.0, 10_000.0
#: One slip in words of three letters and more, two in words of nine.
FUZZY = {"fuzziness": "AUTO:3,9", "prefix_length": 0, "max_expansions": 50}
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
_MAX_GRAMS = 64
#: As the standard tokenizer of Elasticsearch cuts words, but for scripts without spaces.
_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")


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
    if OPERATORS.search(text) and not relaxed:
        words = _operators(text)
    elif plain := words_alone(text):
        words = _words(plain, relaxed=relaxed)
    else:
        words = {"match_none": {}}
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
    """Every word must be somewhere, give or take a slip; names with them in this order and little else come first."""
    text = " ".join(text.split()[:_MAX_WORDS])
    words = _WORD.findall(text)[:_MAX_WORDS]
    return {
        "bool": {
            "filter": [_nearly_all(text) if relaxed else _all(text)],
            "should": [
                *(_in_name(word) for word in words),
                *_in_order(words),
                *([{"match": {"name.grams": {"query": text, "boost": 0.5}}}] if relaxed else []),
                {"match": {"brand_name": {"query": text, "boost": 0.5}}},
                {"match": {"category_names": {"query": text, "boost": 0.3}}},
                {"match": {"tag_names": {"query": text, "boost": 0.3}}},
                {"match": {"attribute_words": {"query": text, "boost": 0.3}}},
                {"match": {"description": {"query": text, "boost": 0.2}}},
            ],
            # What is filtered has no score of its own; something must say that it is a match at all.
            "must": [_constant({"match_all": {}}, 0.01)],
        }
    }


def _all(text: str) -> Query:
    """All words in any field: as stems, or as they are written, where a slip is one slip and not a new stem."""
    asked = {"query": text, **FUZZY, "operator": "and"}
    return {"bool": {"should": [{"match": {"all": asked}}, {"match": {"all.plain": asked}}]}}


def _nearly_all(text: str) -> Query:
    """Two words of three, or as many of the groups of three characters, which survive words that ran together."""
    asked = {"query": text, **FUZZY, "minimum_should_match": "2<67%"}
    lowered = text.lower()
    grams = {lowered[at : at + 3] for at in range(len(lowered) - 2)}
    return {
        "bool": {
            "should": [
                {"match": {"all": asked}},
                {"match": {"all.plain": asked}},
                *([_most_of(grams)] if grams else []),
            ]
        }
    }


def _most_of(grams: set[str]) -> Query:
    some = [{"term": {"name.grams": gram}} for gram in sorted(grams)[:_MAX_GRAMS]]
    return {"bool": {"should": some, "minimum_should_match": "67%"}}


def _in_name(word: str) -> Query:
    """A word as typed is worth more than its stem, and that more than what it may have been meant to be."""
    return {
        "dis_max": {
            "tie_breaker": 0.3,
            "queries": [
                {"match": {"name.plain": {"query": word}}},
                {"match": {"name": {"query": word, "boost": 0.9}}},
                {"match": {"name.plain": {"query": word, **FUZZY, "boost": 0.6}}},
            ],
        }
    }


def _in_order(words: list[str]) -> list[Query]:
    """A bonus for names with the words in this order, whatever stands between: people leave out, they do not mix."""
    if len(words) < 2:
        return []
    parts = [{"fuzzy": {"term": word, "fuzziness": FUZZY["fuzziness"]}} for word in words]
    ordered = {"all_of": {"ordered": True, "intervals": parts}}
    return [_constant({"intervals": {"name.plain": ordered}}, 3.0)]


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

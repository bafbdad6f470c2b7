"""The index: how texts become terms, and which fields there are.

Texts are stemmed lightly; ``.plain`` keeps words whole, because a slip in a word may change its stem by more than
that; ``.begin`` holds beginnings of words, for completion; ``.grams`` every three characters in a row, spaces included,
for words that ran together. Synonyms apply to what is searched, never to what is indexed, so a change needs no rebuild.
"""

from typing import Any

_TEXT = {"type": "text", "analyzer": "words", "search_analyzer": "words_asked"}
_COPIED = {**_TEXT, "copy_to": "all"}


def index_body(*, synonyms: str, shards: int = 1, replicas: int = 0) -> dict[str, Any]:
    """Settings and mappings of an index that is about to be filled: it is not refreshed before it is whole.

    ``synonyms`` names the set of the synonyms API that its search analyzer reads.
    """
    return {
        "settings": {
            "number_of_shards": shards,
            "number_of_replicas": replicas,
            "refresh_interval": "-1",
            # A deletion is remembered so long against writes that were under way before it.
            "gc_deletes": "10m",
            "max_result_window": 10_000,
            "analysis": _analysis(synonyms),
        },
        "mappings": {"dynamic": "strict", "_source": {"enabled": True}, "properties": _FIELDS},
    }


def _analysis(synonyms: str) -> dict[str, Any]:
    return {
        "filter": {
            "stem": {"type": "stemmer", "language": "light_english"},
            "possessive": {"type": "stemmer", "language": "possessive_english"},
            "beginnings": {"type": "edge_ngram", "min_gram": 1, "max_gram": 15},
            "threes": {"type": "ngram", "min_gram": 3, "max_gram": 3},
            "synonyms": {"type": "synonym_graph", "synonyms_set": synonyms, "updateable": True},
        },
        "analyzer": {
            "words": {
                "type": "custom",
                "tokenizer": "standard",
                "filter": ["lowercase", "asciifolding", "possessive", "stem"],
            },
            "words_asked": {
                "type": "custom",
                "tokenizer": "standard",
                "filter": ["lowercase", "asciifolding", "synonyms", "possessive", "stem"],
            },
            "plain": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "asciifolding"]},
            "begin": {
                "type": "custom",
                "tokenizer": "standard",
                "filter": ["lowercase", "asciifolding", "beginnings"],
            },
            "grams": {
                "type": "custom",
                "tokenizer": "keyword",
                "filter": ["lowercase", "asciifolding", "threes"],
            },
        },
    }


_FIELDS: dict[str, Any] = {
    "id": {"type": "long"},
    "sku": {"type": "keyword"},
    "codes": {"type": "keyword"},
    "name": {
        **_COPIED,
        "fields": {
            "plain": {"type": "text", "analyzer": "plain"},
            "begin": {"type": "text", "analyzer": "begin", "search_analyzer": "plain"},
            "grams": {"type": "text", "analyzer": "grams", "index_options": "freqs"},
        },
    },
    "name_sort": {"type": "keyword"},
    "description": {**_COPIED},
    "brand": {"type": "keyword"},
    "brand_name": _COPIED,
    "category_ids": {"type": "long"},
    "category_names": _COPIED,
    "tag_ids": {"type": "long"},
    "tag_names": _COPIED,
    "attributes": {"type": "keyword"},
    "attribute_words": _COPIED,
    "all": {
        **_TEXT,
        "norms": False,
        "fields": {"plain": {"type": "text", "analyzer": "plain", "norms": False, "index_options": "freqs"}},
    },
    "price_minor": {"type": "long"},
    "rating": {"type": "double"},
    "review_count": {"type": "integer"},
    "in_stock": {"type": "boolean"},
    "is_active": {"type": "boolean"},
    "created_us": {"type": "long"},
}

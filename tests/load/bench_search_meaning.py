# ruff: noqa: E402 - Django must be set up before its models are imported
"""``make bench-search-meaning``: what meaning adds to words, on judged queries over a real catalogue.

Reads the articles of Online Retail II (``RETAIL``, a gzipped CSV). The queries and their right answers are made by the
rules of :mod:`tests.load.search_judgements`; half of them, by which nothing was chosen, are told of. Prints nDCG@10
by slice of Elasticsearch, of plain BM25 (any word counts), of the vectors, and of both joined as the shop does.
"""

import math
import os
import re
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

import django

django.setup()

import numpy as np
from django.db import connection, transaction

from apps.core.api.pagination import PageAsked
from apps.products.filters import ProductFilterSet
from apps.products.search.port import SearchAsked
from apps.search.elastic.client import elastic_client
from apps.search.elastic.engine import ElasticProductSearch
from apps.search.elastic.index import ElasticIndex
from meshop_shared.embeddings.port import TextEncoder, text_encoder
from meshop_shared.fusion import Weights, fused
from semantic_search.catalogue import words_of
from tests.load.bench_search_quality import articles_load, typo
from tests.load.search_judgements import Judged, for_tuning, judgements
from tests.support.search import GENERATION, elastic_url, index_everything
from tools.paths import TEXT_MODEL

WINDOW = 100
SLICES = ("exact", "typo", "paraphrase", "descriptive")


def main() -> int:
    """Print a table; 1 when meaning makes a slice worse or paraphrases less than 1.15 × better."""
    with transaction.atomic():
        names = articles_load(os.environ["RETAIL"])
        judged = judgements(names, spoil=typo)
        told = set(map(id, judged)) - set(map(id, for_tuning(judged)))
        judged = [one for one in judged if id(one) in told]
        by_words = _by_words([one.text for one in judged])
        transaction.set_rollback(True)
    encoder = text_encoder(TEXT_MODEL)
    vectors, cosines = _by_meaning(names, [one.text for one in judged], encoder=encoder)
    every = [words_of(name) for name in names.values()]
    both = [
        fused(ids, near, weights=Weights(), complete=_is_complete(one.text, every, encoder))
        for one, ids, near in zip(judged, by_words, cosines, strict=True)
    ]
    print(f"{'':20}" + "".join(f"{name:>13}" for name in SLICES))
    words = _tell("Elasticsearch", judged, by_words)
    bm25 = _bm25(names)
    plain = _tell("plain BM25", judged, [bm25(one.text) for one in judged])
    _tell("vectors", judged, vectors)
    joined = _tell("both", judged, both)
    better = joined["paraphrase"] / max(words["paraphrase"], plain["paraphrase"])
    print(f"paraphrases: {better:.2f} × the better one by words (asked: 1.15)")
    return int(better < 1.15 or any(joined[name] < words[name] for name in SLICES))


def _is_complete(text: str, every: Sequence[frozenset[str]], encoder: TextEncoder) -> bool:
    """What the service says of a text: some article has all of its words, or one of them means nothing."""
    having = frozenset().union(*every)
    makes_sense = all(
        words_of(word) & having or encoder.knows(word) for word in re.findall(r"\w+", text.lower())
    )
    return not makes_sense or any(words_of(text) <= words for words in every)


def _by_words(texts: Sequence[str]) -> list[list[int]]:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE products_product")
    index = ElasticIndex(elastic_client(elastic_url()), alias="bench-meaning")
    index.create(GENERATION)
    try:
        index_everything(index)
        index.point(GENERATION, previous=None)
        engine = ElasticProductSearch(elastic_client(elastic_url()), timeout_s=30, alias=index.alias)
        filters = ProductFilterSet({})
        filters.validate()
        return [
            engine.search(
                SearchAsked(text=text, filters=filters, ordering="relevance", page=PageAsked(WINDOW))
            ).ids
            for text in texts
        ]
    finally:
        index.unpoint(GENERATION)
        index.delete(GENERATION)


def _by_meaning(
    names: dict[int, str], texts: Sequence[str], *, encoder: TextEncoder
) -> tuple[list[list[int]], list[dict[int, float]]]:
    ids = np.array(list(names))
    found = encoder.encode([text.lower() for text in texts]) @ encoder.encode(list(names.values())).T
    best = np.argsort(-found, axis=1, kind="stable")[:, :WINDOW]
    cosines = [
        {int(ids[row]): float(line[row]) for row in rows} for rows, line in zip(best, found, strict=True)
    ]
    return [list(near) for near in cosines], cosines


def _bm25(names: dict[int, str], *, k1: float = 1.2, b: float = 0.75) -> Callable[[str], list[int]]:
    """Robertson's BM25 over the names; any word counts."""
    lists = {pk: list(words_of(name)) for pk, name in names.items()}
    mean = statistics.mean(map(len, lists.values()))
    having: dict[str, list[int]] = defaultdict(list)
    for pk, words in lists.items():
        for word in words:
            having[word].append(pk)

    def search(text: str) -> list[int]:
        scores: Counter[int] = Counter()
        for word in words_of(text):
            holders = having.get(word, [])
            idf = math.log(1 + (len(names) - len(holders) + 0.5) / (len(holders) + 0.5))
            for pk in holders:
                scores[pk] += idf * (k1 + 1) / (1 + k1 * (1 - b + b * len(lists[pk]) / mean))
        return [pk for pk, _ in scores.most_common(WINDOW)]

    return search


def _tell(label: str, judged: Sequence[Judged], rankings: Sequence[Sequence[int]]) -> dict[str, float]:
    by_slice: dict[str, list[float]] = defaultdict(list)
    for one, ranking in zip(judged, rankings, strict=True):
        gain = sum(1 / math.log2(rank + 2) for rank, pk in enumerate(ranking[:10]) if pk in one.right)
        by_slice[one.slice].append(
            gain / sum(1 / math.log2(rank + 2) for rank in range(min(10, len(one.right))))
        )
    means = {name: statistics.mean(by_slice[name]) for name in SLICES}
    print(f"{label:20}" + "".join(f"{means[name]:13.3f}" for name in SLICES), flush=True)
    return means


if __name__ == "__main__":
    sys.exit(main())

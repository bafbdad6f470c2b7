# ruff: noqa: E402 - Django must be set up before its models are imported
"""``make bench-search-quality``: is an article found by its own description, with a typo and with words left out?

Reads the articles of Online Retail II (``RETAIL``, a gzipped CSV with columns StockCode and Description). Prints
hit@1 and hit@10 of each engine. Everything is written in a transaction that is rolled back, and in an index of its own.
"""

import csv
import gzip
import os
import random
import string
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable

import django

django.setup()

from django.db import connection, transaction

from apps.core.api.pagination import PageAsked
from apps.products.filters import ProductFilterSet
from apps.products.models import Product
from apps.products.search.port import ProductSearch, SearchAsked
from apps.search.elastic.client import elastic_client
from apps.search.elastic.engine import ElasticProductSearch
from apps.search.elastic.index import ElasticIndex
from apps.search.postgres.engine import PostgresProductSearch
from tests.support.search import GENERATION, elastic_url, index_everything

ARTICLES = int(os.environ.get("ARTICLES", "1000"))
SEED = 1


def main() -> int:
    """Print a table."""
    with transaction.atomic():
        names = _load(os.environ["RETAIL"])
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE products_product")
        index = ElasticIndex(elastic_client(elastic_url()), alias="bench-quality")
        index.create(GENERATION)
        try:
            index_everything(index)
            index.point(GENERATION, previous=None)
            elastic = ElasticProductSearch(elastic_client(elastic_url()), timeout_s=30, alias=index.alias)
            for label, engine in (("elasticsearch", elastic), ("postgresql", PostgresProductSearch())):
                for kind, spoil in KINDS.items():
                    _measure(label, engine, kind, spoil, names)
        finally:
            index.unpoint(GENERATION)
            index.delete(GENERATION)
        transaction.set_rollback(True)
    return 0


def _measure(
    label: str,
    engine: ProductSearch,
    kind: str,
    spoil: Callable[[random.Random, str], str],
    names: dict[int, str],
) -> None:
    chance = random.Random(SEED)
    wanted = chance.sample(sorted(pk for pk, name in names.items() if len(name.split()) >= 3), ARTICLES)
    filters = ProductFilterSet({})
    filters.validate()
    first = ten = 0
    begin = time.monotonic()
    for pk in wanted:
        text = spoil(chance, names[pk])
        asked = SearchAsked(text=text, filters=filters, ordering="relevance", page=PageAsked(10))
        ids = engine.search(asked).ids
        found = [names.get(one) for one in ids]
        first += found[:1] == [names[pk]]
        ten += names[pk] in found
    each = (time.monotonic() - begin) / ARTICLES * 1000
    print(
        f"{label:14}{kind:24}hit@1 {first / ARTICLES:.3f}  hit@10 {ten / ARTICLES:.3f}  {each:.1f} ms",
        flush=True,
    )


def _load(path: str) -> dict[int, str]:
    described: dict[str, Counter[str]] = defaultdict(Counter)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code, text = row["StockCode"].strip().upper(), " ".join(row["Description"].split())
            if code[:5].isdigit() and text and float(row.get("Price") or row["UnitPrice"]) > 0:
                described[code][text] += 1
    products = [
        Product(
            sku=f"bench-{code}", slug=f"bench-{code.lower()}", name=texts.most_common(1)[0][0], price_minor=100,
            currency="GBP",
        )
        for code, texts in described.items()
    ]  # fmt: skip
    return {product.pk: product.name for product in Product.objects.bulk_create(products, batch_size=1000)}


def _typo(chance: random.Random, text: str) -> str:
    words = text.split()
    long = [at for at, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    if not long:
        return text
    at = chance.choice(long)
    word, where = words[at], chance.randrange(1, len(words[at]) - 1)
    letter = chance.choice(string.ascii_uppercase)
    words[at] = chance.choice(
        [
            word[:where] + word[where + 1 :],
            word[:where] + letter + word[where + 1 :],
            word[:where] + letter + word[where:],
            word[:where] + word[where + 1] + word[where] + word[where + 2 :],
        ]
    )
    return " ".join(words)


def _fewer(chance: random.Random, text: str) -> str:
    words = text.split()
    for _ in range(min(2, len(words) - 1)):
        words.pop(chance.randrange(len(words)))
    return " ".join(words)


KINDS: dict[str, Callable[[random.Random, str], str]] = {
    "one typo": _typo,
    "two words left out": _fewer,
    "both": lambda chance, text: _typo(chance, _fewer(chance, text)),
}

if __name__ == "__main__":
    sys.exit(main())

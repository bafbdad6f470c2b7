# ruff: noqa: E402 - Django must be set up before its models are imported
"""``make bench-search-quality``: is an article found by its own description, with a typo and with words left out?

Reads the articles of Online Retail II (``RETAIL``, a gzipped CSV with columns StockCode and Description). Prints
hit@1 and hit@10 of each engine beside the aim: the mean over ``SEEDS``, and the worst of them. Articles are drawn among
descriptions of at least ``WORDS`` words (default 4), so that two words are left of each; of "PINK HEART MUG" only "MUG"
would be, which nobody can tell from the other mugs. Everything is written in a transaction that is rolled back, and in
an index of its own. ``ENGINES`` names one of them alone; ``MISSES=1`` shows what was not found.
"""

import csv
import gzip
import os
import random
import statistics
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
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "1,2,3").split(",")]
WORDS = int(os.environ.get("WORDS", "4"))
ENGINES = os.environ.get("ENGINES", "elasticsearch,postgresql").split(",")
#: Engine → kind → aims for hit@1 and hit@10.
AIMS = {
    "elasticsearch": {"one typo": (0.985, 0.995), "two words left out": (0.72, 0.99), "both": (0.72, 0.98)},
    "postgresql": {"one typo": (None, 0.99), "two words left out": (None, 0.98), "both": (None, 0.97)},
}


def main() -> int:
    """Print a table."""
    with transaction.atomic():
        names = articles_load(os.environ["RETAIL"])
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE products_product")
        index = ElasticIndex(elastic_client(elastic_url()), alias="bench-quality")
        index.create(GENERATION)
        try:
            index_everything(index)
            index.point(GENERATION, previous=None)
            elastic = ElasticProductSearch(elastic_client(elastic_url()), timeout_s=30, alias=index.alias)
            for label, engine in (("elasticsearch", elastic), ("postgresql", PostgresProductSearch())):
                for kind, spoil in KINDS.items() if label in ENGINES else ():
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
    filters = ProductFilterSet({})
    filters.validate()
    long = sorted(pk for pk, name in names.items() if len(name.split()) >= WORDS)
    first, ten = [], []
    begin = time.monotonic()
    for seed in SEEDS:
        chance = random.Random(f"{seed} {kind}")
        places = []
        for pk in chance.sample(long, ARTICLES):
            text = spoil(chance, names[pk])
            asked = SearchAsked(text=text, filters=filters, ordering="relevance", page=PageAsked(10))
            found = [names.get(one) for one in engine.search(asked).ids]
            places.append(found.index(names[pk]) if names[pk] in found else None)
            if places[-1] is None and os.environ.get("MISSES"):
                print(f"  {text!r} is {names[pk]!r}, found {found[:3]}")
        first.append(places.count(0) / ARTICLES)
        ten.append(1 - places.count(None) / ARTICLES)
    each = (time.monotonic() - begin) / ARTICLES / len(SEEDS) * 1000
    shown = "  ".join(
        f"{name} {statistics.mean(hits):.3f} (worst {min(hits):.3f}, aim {aim or '-'})"
        for name, hits, aim in zip(("hit@1", "hit@10"), (first, ten), AIMS[label][kind], strict=True)
    )
    print(f"{label:14}{kind:20}{shown}  {each:.1f} ms", flush=True)


def articles_load(path: str) -> dict[int, str]:
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


def typo(chance: random.Random, text: str) -> str:
    """One letter lost, wrong, too many, or swapped with the next, anywhere in a word of three characters or more."""
    words = text.split()
    at = chance.choice([at for at, word in enumerate(words) if len(word) >= 3] or [0])
    word, letter = words[at], chance.choice(string.ascii_uppercase)
    where = chance.randrange(len(word))
    swap = min(where, len(word) - 2)
    words[at] = chance.choice(
        [
            word[:where] + word[where + 1 :],
            word[:where] + letter + word[where + 1 :],
            word[:where] + letter + word[where:],
            word[:swap] + word[swap + 1 :][:1] + word[swap : swap + 1] + word[swap + 2 :],
        ]
    )
    return " ".join(words)


def _fewer(chance: random.Random, text: str) -> str:
    words = text.split()
    for _ in range(min(2, len(words) - 1)):
        words.pop(chance.randrange(len(words)))
    return " ".join(words)


KINDS: dict[str, Callable[[random.Random, str], str]] = {
    "one typo": typo,
    "two words left out": _fewer,
    "both": lambda chance, text: typo(chance, _fewer(chance, text)),
}

if __name__ == "__main__":
    sys.exit(main())

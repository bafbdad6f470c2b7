"""Search in PostgreSQL: full text first, trigrams where that finds little."""

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Collate, Lower

from apps.products.filters import ProductFilterSet
from apps.products.models import Product, ProductVariant

#: With fewer matches than this by words, look for typos too.
FEW = 20
_EXACT, _SCALE = 100_000_000, 1_000_000
_WORD = re.compile(r"[^\W_]+")
_LAST_CHARACTER = "\U0010ffff"
#: Suggestions by words are the best of so many, because ranking all that begin with "s" takes too long.
_CANDIDATES = 200


class PostgresProductSearch:
    """Implements :class:`apps.products.search.port.ProductSearch` on the tables of the shop itself.

    Words come from a GIN index over weighted, stemmed ``search_vector``; typos from a trigram index over names
    (``word_similarity``, https://www.postgresql.org/docs/15/pgtrgm.html). Both are index scans at any size.
    """

    def search(self, *, text: str, filters: ProductFilterSet) -> QuerySet[Product]:
        """Find products; one query looks up codes, a second one counts the first few matches by words."""
        shown = filters.filter_queryset(Product.objects.all())
        query = SearchQuery(text, search_type="websearch", config="english")
        exact = _exact_ids(text)
        matches = Q(search_vector=query)
        if exact:
            matches |= Q(pk__in=exact)
        relevance: Any = _scaled(SearchRank(F("search_vector"), query))
        if shown.filter(matches).values("pk")[:FEW].count() < FEW:
            matches |= Q(name__trigram_word_similar=text)
            relevance = relevance + _scaled(TrigramWordSimilarity(text, "name"))
        if exact:
            boost = Case(When(pk__in=exact, then=Value(_EXACT)), default=0, output_field=BigIntegerField())
            relevance = relevance + boost
        return shown.filter(matches).annotate(relevance=relevance)

    def suggest(self, *, text: str, limit: int) -> list[int]:
        """Look for names that begin so, then for words that do, then for typos, until there are enough."""
        shown = Product.objects.filter(is_active=True)
        lowered = text.lower()
        begins = shown.alias(lowered=Collate(Lower("name"), "C")).filter(
            lowered__gte=lowered, lowered__lt=lowered + _LAST_CHARACTER
        )
        found = list(begins.order_by("lowered", "pk").values_list("pk", flat=True)[:limit])
        words = _WORD.findall(lowered)
        if len(found) < limit and words:
            query = SearchQuery(_prefix_query(words), search_type="raw", config="english")
            some = shown.filter(search_vector=query).exclude(pk__in=found).values("pk")[:_CANDIDATES]
            ranked = Product.objects.filter(pk__in=some).order_by(
                SearchRank(F("search_vector"), query).desc(), "pk"
            )
            found += ranked.values_list("pk", flat=True)[: limit - len(found)]
        if len(found) < limit and words:
            similar = shown.filter(name__trigram_word_similar=text).exclude(pk__in=found)
            best = similar.order_by(TrigramWordSimilarity(text, "name").desc(), "pk")
            found += best.values_list("pk", flat=True)[: limit - len(found)]
        return found


def _prefix_query(words: list[str]) -> str:
    """All words in names or SKUs, the last of them perhaps unfinished."""
    return " & ".join([*(f"{word}:A" for word in words[:-1]), f"{words[-1]}:*A"])


def _scaled(score: Combinable) -> Cast:
    """Scores as integers, because a cursor must carry them exactly."""
    return Cast(score * Value(_SCALE), BigIntegerField())


def _exact_ids(text: str) -> list[int]:
    codes = {text, text.upper(), text.lower()}
    products = Product.objects.filter(Q(sku__in=codes) | Q(slug=text.lower())).values_list("pk")
    variants = ProductVariant.objects.filter(sku__in=codes, is_active=True).values_list("product_id")
    return [row[0] for row in products.union(variants)]

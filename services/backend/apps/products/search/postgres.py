"""Search in PostgreSQL: full text first, trigrams where that finds little."""

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Lower

from apps.products.filters import ProductFilterSet
from apps.products.models import Product, ProductVariant

#: With fewer matches than this by words, look for typos too.
FEW = 20
_EXACT, _SCALE = 100_000_000, 1_000_000
_WORD = re.compile(r"\w+")


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
        begins = (
            shown.alias(lowered=Lower("name")).filter(lowered__startswith=lowered).order_by("lowered", "pk")
        )
        found = list(begins.values_list("pk", flat=True)[:limit])
        words = _WORD.findall(lowered)
        if len(found) < limit and words:
            query = SearchQuery(
                " & ".join([*words[:-1], f"{words[-1]}:*"]), search_type="raw", config="english"
            )
            ranked = shown.filter(search_vector=query).order_by(
                SearchRank(F("search_vector"), query).desc(), "pk"
            )
            found += _new(ranked, found, limit)
        if len(found) < limit:
            similar = shown.filter(name__trigram_word_similar=text).order_by(
                TrigramWordSimilarity(text, "name").desc(), "pk"
            )
            found += _new(similar, found, limit)
        return found


def _new(products: QuerySet[Product], found: list[int], limit: int) -> list[int]:
    ids = products.exclude(pk__in=found).values_list("pk", flat=True)
    return list(ids[: limit - len(found)])


def _scaled(score: Combinable) -> Cast:
    """Scores as integers, because a cursor must carry them exactly."""
    return Cast(score * Value(_SCALE), BigIntegerField())


def _exact_ids(text: str) -> list[int]:
    codes = {text, text.upper(), text.lower()}
    products = Product.objects.filter(Q(sku__in=codes) | Q(slug=text.lower())).values_list("pk")
    variants = ProductVariant.objects.filter(sku__in=codes, is_active=True).values_list("product_id")
    return [row[0] for row in products.union(variants)]

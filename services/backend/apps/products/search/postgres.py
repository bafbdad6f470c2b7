"""Search in PostgreSQL: full text over the words as typed and as meant, trigrams where that finds nothing."""

import re
from collections import defaultdict
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db.models import BigIntegerField, Case, F, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Collate, Lower

from apps.products.filters import ProductFilterSet
from apps.products.models import Product, ProductVariant, SearchWord
from apps.products.search.spelling import corrections, spellings

_EXACT, _SCALE = 100_000_000, 1_000_000
#: More words than these do not narrow a search any further.
_MAX_WORDS = 16
#: ``"a phrase"``, ``-not``, ``this or that``: then the searcher knows what they mean.
_OPERATORS = re.compile(r'"|(^|\s)-\S|\sor\s', re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")
_LAST_CHARACTER = "\U0010ffff"
#: Suggestions by words are the best of so many, because ranking all that begin with "s" takes too long.
_CANDIDATES = 200


class PostgresProductSearch:
    """Implements :class:`apps.products.search.port.ProductSearch` on the tables of the shop itself.

    Words come from a GIN index over weighted, stemmed ``search_vector``; unknown ones are looked for as the words of
    the catalogue that are one slip away, too. What still finds nothing is compared with names by trigrams
    (``word_similarity``, https://www.postgresql.org/docs/15/pgtrgm.html). All are index scans at any size.
    """

    def search(self, *, text: str, filters: ProductFilterSet) -> QuerySet[Product]:
        """Find products; one query looks up codes and words, another one tells whether there is any match."""
        shown = filters.filter_queryset(Product.objects.all())
        exact, meant = _lookup(text)
        if _OPERATORS.search(text):
            query = SearchQuery(text, search_type="websearch", config="english")
        else:
            query = SearchQuery(
                _all_of(text.split()[:_MAX_WORDS], meant), search_type="raw", config="english"
            )
        matches = Q(search_vector=query)
        if exact:
            matches |= Q(pk__in=exact)
        relevance: Any = _scaled(SearchRank(F("search_vector"), query))
        if _WORD.search(text) and not shown.filter(matches).exists():
            matches = Q(name__trigram_word_similar=text)
            relevance = _scaled(TrigramWordSimilarity(text, "name"))
        elif exact:
            boost = Case(When(pk__in=exact, then=Value(_EXACT)), default=0, output_field=BigIntegerField())
            relevance = relevance + boost
        return shown.filter(matches).annotate(relevance=relevance)

    def suggest(self, *, text: str, limit: int) -> list[int]:
        """Look for names that begin so, then for words that do, then for similar names, until there are enough."""
        shown = Product.objects.filter(is_active=True)
        lowered = text.lower()
        begins = shown.alias(lowered=Collate(Lower("name"), "C")).filter(
            lowered__gte=lowered, lowered__lt=lowered + _LAST_CHARACTER
        )
        found = list(begins.order_by("lowered", "pk").values_list("pk", flat=True)[:limit])
        words = _WORD.findall(lowered)[:_MAX_WORDS]
        if len(found) < limit and words:
            _, meant = _lookup(text)
            raw = _all_of(words, meant, weight="A", unfinished=True)
            query = SearchQuery(raw, search_type="raw", config="english")
            some = shown.filter(search_vector=query).exclude(pk__in=found).values("pk")[:_CANDIDATES]
            ranked = Product.objects.filter(pk__in=some).order_by(
                SearchRank(F("search_vector"), query).desc(), "pk"
            )
            found += ranked.values_list("pk", flat=True)[: limit - len(found)]
        if not found and words:
            similar = shown.filter(name__trigram_word_similar=text)
            best = similar.order_by(TrigramWordSimilarity(text, "name").desc(), "pk")
            found += best.values_list("pk", flat=True)[:limit]
        return found


def _lookup(text: str) -> tuple[list[int], dict[str, list[str]]]:
    """In one query: ids of products whose SKU or slug is ``text``, and what its unknown words may stand for."""
    codes = {text, text.upper(), text.lower()}
    wanted = {word: spellings(word) for word in _WORD.findall(text.lower())[:_MAX_WORDS]}
    products = Product.objects.filter(Q(sku__in=codes) | Q(slug=text.lower()))
    variants = ProductVariant.objects.filter(sku__in=codes, is_active=True).order_by()
    words = SearchWord.objects.filter(spelling__in=set().union(*wanted.values()))
    rows = products.values_list(Cast("pk", TextField()), Value("")).union(
        variants.values_list(Cast("product_id", TextField()), Value("")),
        words.values_list(Cast("word", TextField()), Cast("spelling", TextField())),
        all=True,
    )
    exact: list[int] = []
    words_by_spelling: dict[str, set[str]] = defaultdict(set)
    for value, spelling in rows:
        if spelling:
            words_by_spelling[spelling].add(value)
        else:
            exact.append(int(value))
    meant = {
        word: corrections(word, (near for spelling in own for near in words_by_spelling[spelling]))
        for word, own in wanted.items()
    }
    return exact, meant


def _all_of(
    words: list[str], meant: dict[str, list[str]], *, weight: str = "", unfinished: bool = False
) -> str:
    """Return the ``tsquery`` for all of ``words``, each as typed or as meant; the last may be ``unfinished``."""
    parts = []
    for number, word in enumerate(words, start=1):
        suffix = ("*" if unfinished and number == len(words) else "") + weight
        choices = [word, *meant.get(word.lower(), [])]
        parts.append(" | ".join(_quote(choice) + (f":{suffix}" if suffix else "") for choice in choices))
    return " & ".join(f"({part})" for part in parts)


def _quote(word: str) -> str:
    """A word as ``to_tsquery`` takes it, whatever is in it."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _scaled(score: Combinable) -> Cast:
    """Scores as integers, because a cursor must carry them exactly."""
    return Cast(score * Value(_SCALE), BigIntegerField())

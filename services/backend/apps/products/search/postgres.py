"""Search in PostgreSQL: full text over the words as typed and as meant, trigrams where that finds nothing."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import (
    SearchHeadline,
    SearchQuery,
    SearchRank,
    TrigramSimilarity,
    TrigramWordSimilarity,
)
from django.db.models import BigIntegerField, Case, F, FloatField, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Collate, Lower

from apps.products.filters import ProductFilterSet
from apps.products.models import Product, ProductVariant, SearchWord
from apps.products.search.port import FEW, OPERATORS, words_alone
from apps.products.search.spelling import neighbours, spellings

_PIN, _EXACT, _SCALE = 10**15, 10**12, 1_000_000
#: What likeness to the name counts beside the rank of the words, which is below one.
_NAME_WEIGHT = 2.0
_LONGEST_PHRASE = 4
#: Stand around what matched in a headline; no text of the shop holds them.
MARKS = ("\x02", "\x03")
#: What each word or phrase, in lower case, may be read as besides itself.
Synonyms = Mapping[str, list[str]]
#: More words than these do not narrow a search any further.
_MAX_WORDS = 16
_WORD = re.compile(r"[^\W_]+")
_LAST_CHARACTER = "\U0010ffff"
#: Suggestions by words are the best of so many, because ranking all that begin with "s" takes too long.
_CANDIDATES = 200


@dataclass(frozen=True, slots=True)
class Reading:
    """What the catalogue makes of a text: products whose SKU or slug it is, and what unknown words may stand for."""

    text: str
    exact: list[int]
    #: Word → words of the catalogue that are one slip away, whether or not it is one of them itself.
    near: dict[str, list[str]]
    known: set[str]

    @property
    def meant(self) -> dict[str, list[str]]:
        """What words that the catalogue does not have may stand for."""
        return {word: near for word, near in self.near.items() if word not in self.known}

    def better_spelling(self) -> str | None:
        """The text with each unknown word replaced by a known one, if there is any to replace."""
        better = _WORD.sub(lambda word: (self.meant.get(word[0].lower()) or [word[0]])[0], self.text)
        return better if better != self.text else None


class ProductWords:
    """Finds products in the tables of the shop itself, for an engine that needs no other server.

    Words come from a GIN index over weighted, stemmed ``search_vector``; unknown ones are looked for as the words of
    the catalogue that are one slip away, too. What still finds nothing is compared with names by trigrams
    (``word_similarity``, https://www.postgresql.org/docs/15/pgtrgm.html). All are index scans at any size.
    """

    def read(self, text: str) -> Reading:
        """Look up, in one query, which codes ``text`` is and what its unknown words may stand for."""
        return _lookup(text)

    def search(
        self,
        *,
        reading: Reading,
        filters: ProductFilterSet,
        pins: Sequence[int] = (),
        boosts: Mapping[int, float] | None = None,
        synonyms: Synonyms | None = None,
    ) -> QuerySet[Product]:
        """Find products among what ``filters`` (validated) lets through, each with an integer ``relevance``.

        ``(relevance, id)`` is a total order that the same data always yields again, so it can be paged by cursor.
        ``pins`` come first whether or not they match; ``boosts`` are factors on the relevance of products. One query
        tells whether there is any match at all.
        """
        text, exact = reading.text, reading.exact
        shown = filters.filter_queryset(Product.objects.all())
        query = words_query(text, reading.meant, synonyms or {})
        matches = Q(search_vector=query)
        if exact:
            matches |= Q(pk__in=exact)
        words = words_alone(text)
        few = FEW if words == text else 1
        known = len(shown.filter(matches).order_by().values_list("pk", flat=True)[:few])
        if known < few and _WORD.search(words):
            query = words_query(words, reading.near, synonyms or {}, spared=0 if known else 1)
            matches |= Q(search_vector=query) | Q(name__trigram_word_similar=words)
        # How well the words fit, and how little else the name says: of two with all of them, the shorter one is meant.
        relevance: Any = SearchRank(F("search_vector"), query) + _NAME_WEIGHT * TrigramSimilarity(
            "name", text
        )
        if boosts:
            factors = [When(pk=pk, then=Value(factor)) for pk, factor in boosts.items()]
            relevance = relevance * Case(*factors, default=Value(1.0), output_field=FloatField())
        relevance = _scaled(relevance)
        first = [When(pk=pk, then=Value(_PIN - at, BigIntegerField())) for at, pk in enumerate(pins)]
        if exact:
            first.append(When(pk__in=exact, then=Value(_EXACT, BigIntegerField())))
        if first:
            relevance = relevance + Case(*first, default=0, output_field=BigIntegerField())
        if pins:
            matches |= Q(pk__in=pins)
        return shown.filter(matches).annotate(relevance=relevance)

    def headlines(
        self, *, reading: Reading, ids: Sequence[int], synonyms: Synonyms | None = None
    ) -> dict[int, dict[str, str]]:
        """Product id → field → the text with control characters (``MARKS``) around what matched."""
        query = words_query(reading.text, reading.meant, synonyms or {})
        options: dict[str, Any] = {"config": "english", "start_sel": MARKS[0], "stop_sel": MARKS[1]}
        rows = Product.objects.filter(pk__in=ids).annotate(
            name_marked=SearchHeadline("name", query, highlight_all=True, **options),
            brand_marked=SearchHeadline("brand", query, highlight_all=True, **options),
            description_marked=SearchHeadline("description", query, max_words=25, min_words=10, **options),
        )
        fields = ("name", "brand", "description")
        found = {}
        for row in rows.values("pk", *(f"{name}_marked" for name in fields)):
            marked = {name: row[f"{name}_marked"] for name in fields if MARKS[0] in row[f"{name}_marked"]}
            if marked:
                found[row["pk"]] = marked
        return found

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
            raw = " & ".join(_required(words, _lookup(text).meant, weight="A", unfinished=True))
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


def _lookup(text: str) -> Reading:
    """In one query: products whose SKU or slug is ``text``, and what its words may stand for."""
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
    near = {
        word: neighbours(word, (other for spelling in own for other in words_by_spelling[spelling]))
        for word, own in wanted.items()
    }
    return Reading(text, exact, near, {word for word in wanted if word in words_by_spelling[word]})


def words_query(
    text: str, meant: Mapping[str, list[str]], synonyms: Synonyms, *, spared: int = 0
) -> SearchQuery:
    """All words of ``text`` but ``spared``, each as typed, as meant, or as a synonym; or what its operators say."""
    if OPERATORS.search(text):
        return SearchQuery(text, search_type="websearch", config="english")
    words = _required(text.split()[:_MAX_WORDS], meant, synonyms=synonyms)
    some = itertools.combinations(words, max(1, len(words) - spared))
    raw = " | ".join(f"({' & '.join(parts)})" for parts in some)
    return SearchQuery(raw, search_type="raw", config="english")


def _required(
    words: list[str],
    meant: Mapping[str, list[str]],
    *,
    weight: str = "",
    unfinished: bool = False,
    synonyms: Synonyms | None = None,
) -> list[str]:
    """Return a ``tsquery`` for each of ``words``, as typed or as meant; the last may be ``unfinished``."""
    parts = []
    for phrase, others in _phrases(words, synonyms or {}):
        choices = []
        for number, word in enumerate(phrase, start=1):
            suffix = ("*" if unfinished and number == len(phrase) else "") + weight
            choice = _choices([word, *meant.get(word.lower(), [])], suffix)
            pieces = _WORD.findall(word.lower())
            if len(pieces) > 1:  # T-LIGHT: a slip in one of the pieces
                choice += " | " + " & ".join(
                    f"({_choices([piece, *meant.get(piece, [])], suffix)})" for piece in pieces
                )
            choices.append(f"({choice})")
        typed = " & ".join(choices)
        parts.append(f"({' | '.join([typed, *(_quote(other) for other in others)])})")
    return parts


def _phrases(words: list[str], synonyms: Synonyms) -> Iterator[tuple[list[str], list[str]]]:
    """Cut ``words`` into the longest phrases that have synonyms, and the rest into words."""
    at = 0
    while at < len(words):
        longest = min(_LONGEST_PHRASE, len(words) - at)
        tries = ((end, " ".join(words[at:end]).lower()) for end in range(at + longest, at, -1))
        end, phrase = next(((end, phrase) for end, phrase in tries if phrase in synonyms), (at + 1, ""))
        yield words[at:end], synonyms.get(phrase, [])
        at = end


def _choices(words: Iterable[str], suffix: str) -> str:
    """Any of ``words``, with a weight or as beginnings."""
    return " | ".join(_quote(word) + (f":{suffix}" if suffix else "") for word in words)


def _quote(word: str) -> str:
    """A word as ``to_tsquery`` takes it, whatever is in it."""
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _scaled(score: Combinable) -> Cast:
    """Scores as integers, because a cursor must carry them exactly."""
    return Cast(score * Value(_SCALE), BigIntegerField())

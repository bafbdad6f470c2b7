"""Reading rules, synonyms and what waits to be indexed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import BigIntegerField, QuerySet, SmallIntegerField, Sum, Value
from django.utils import timezone

from apps.search.models import DirtyProduct, QueryRule, SearchedText, SearchSynonym
from apps.search.texts import normalise


@dataclass(frozen=True, slots=True)
class QueryRules:
    """What merchandisers want of a query: products at fixed places, and factors on the relevance of others."""

    pins: list[int] = field(default_factory=list)
    boosts: dict[int, float] = field(default_factory=dict)


def query_rules(*, text: str) -> QueryRules:
    """Rules for this text, pins in their order."""
    if not text:
        return QueryRules()
    rules = QueryRule.objects.filter(query=normalise(text), is_active=True).order_by()
    return _rules(rules.values_list("product_id", "position", "boost", "pk"))


def query_wishes(*, text: str) -> tuple[QueryRules, dict[str, list[str]]]:
    """Rules for this text, and what words may be read as, in one query."""
    rules = QueryRule.objects.filter(query=normalise(text), is_active=True).order_by()
    synonyms = SearchSynonym.objects.filter(is_active=True).order_by()
    found = rules.values_list("product_id", "position", "boost", "pk", Value("")).union(
        synonyms.values_list(
            Value(0, BigIntegerField()), Value(0, SmallIntegerField()), Value(1.0), "pk", "rule"
        ),
        all=True,
    )
    rows = list(found)
    return _rules(row[:4] for row in rows if not row[4]), synonym_choices(row[4] for row in rows if row[4])


def _rules(rows: Iterable[tuple[Any, ...]]) -> QueryRules:
    pins: list[tuple[int, int, int]] = []
    boosts: dict[int, float] = {}
    for product_id, position, boost, pk in rows:
        if position is not None:
            pins.append((position, pk, product_id))
        elif boost != 1:
            boosts[product_id] = boost
    return QueryRules([product_id for _, _, product_id in sorted(pins)], boosts)


def synonym_rules() -> list[tuple[int, str]]:
    """Active rules with their ids."""
    return list(SearchSynonym.objects.filter(is_active=True).order_by("pk").values_list("pk", "rule"))


def synonym_choices(rules: Iterable[str]) -> dict[str, list[str]]:
    """What each word or phrase may be read as, besides itself."""
    choices: dict[str, list[str]] = defaultdict(list)
    for rule in rules:
        left, arrow, right = rule.partition("=>")
        sources = [normalise(part) for part in left.split(",") if part.strip()]
        targets = [normalise(part) for part in right.split(",") if part.strip()] if arrow else sources
        for source in sources:
            choices[source] += [target for target in targets if target != source]
    return choices


def dirty_count() -> int:
    """Products that wait to be indexed."""
    return DirtyProduct.objects.count()


def texts_searched_most(*, days: int, least: int, limit: int) -> list[tuple[str, int]]:
    """Texts that were searched at least so often in the last ``days``, with how often; the most searched first."""
    since = timezone.now().date() - timedelta(days=days - 1)
    texts = (
        SearchedText.objects.filter(day__gte=since).order_by().values("text").annotate(total=Sum("searches"))
    )
    rows = texts.filter(total__gte=least).order_by("-total", "text")[:limit]
    return [(row["text"], row["total"]) for row in rows]


def searched_texts(*, days: int, in_vain: bool) -> QuerySet[SearchedText, Any]:
    """Texts of the last ``days``, each with its ``total`` and its ``nothing``: searches, and those that found nothing.

    ``in_vain`` leaves only texts that found nothing at least once.
    """
    since = timezone.now().date() - timedelta(days=days - 1)
    texts = SearchedText.objects.filter(day__gte=since).order_by().values("text")
    texts = texts.annotate(total=Sum("searches"), nothing=Sum("in_vain"))
    return texts.filter(nothing__gt=0) if in_vain else texts

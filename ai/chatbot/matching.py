"""Which of some articles a phrase means: one, several that it fits alike, or none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from chatbot.language import fold, slips, tokens_of
from chatbot.slots import Said

Json = dict[str, Any]
_SMALL = frozenset(("the", "of", "and", "for", "with", "a", "an", "in", "by", "to"))
#: A word counts less when it is not in the name but in brand, category or attributes; or when it is a slip.
_ELSEWHERE, _SLIP = 0.6, 0.9
_ALIKE, _ENOUGH = 0.06, 0.5


@dataclass(frozen=True)
class Match:
    """How well an article fits: the part of the words that it has, and the part of its name that was said."""

    card: Json
    recall: float
    coverage: float


def matches_of(said: Said, cards: Sequence[Json]) -> list[Match]:
    """Articles that have anything of it, best first."""
    wanted = [fold(token) for token in (said.content or said.doubtful)]
    found = [_match(card, wanted, said) for card in cards]
    found = [match for match in found if match.recall > 0]
    return sorted(found, key=lambda match: (-match.recall, -match.coverage))


def chosen(matches: Sequence[Match]) -> list[Match]:
    """The one that is meant; several when the phrase fits them alike; none when nothing fits well."""
    if not matches or matches[0].recall < _ENOUGH:
        return []
    alike = [match for match in matches if match.recall >= matches[0].recall - _ALIKE]
    whole = [match for match in alike if match.coverage > 0.99]
    return whole if len(whole) == 1 else alike


def likeness(one: str, other: str) -> float:
    """How much two folded words are the same: 1, less for a slip or a beginning, else 0."""
    if one == other:
        return 1.0
    shorter = min(len(one), len(other))
    if shorter >= 4 and (one.startswith(other) or other.startswith(one)):
        return _SLIP
    if shorter < 4:
        return 0.0
    allowed = 1 if shorter < 8 else 2
    if abs(len(one) - len(other)) > allowed:
        return 0.0
    return _SLIP if slips(one, other, allowed) <= allowed else 0.0


def _match(card: Json, wanted: Sequence[str], said: Said) -> Match:
    name = [word for token in tokens_of(card["name"]) if (word := fold(token)) not in _SMALL]
    joined = "".join(name)
    elsewhere = _elsewhere(card)
    if not wanted:
        return Match(card, 0.0, 0.0)
    total = 0.0
    for word in wanted:
        best = max((likeness(word, other) for other in name), default=0.0)
        if not best and len(word) >= 5 and word in joined:
            best = _SLIP
        if not best:
            best = _ELSEWHERE * max((likeness(word, other) for other in elsewhere), default=0.0)
        total += best
    said_words = said.folded | {"".join(pair) for pair in pairwise(wanted)}
    covered = sum(max((likeness(word, other) for other in said_words), default=0.0) > 0 for word in name)
    if fold(str(card.get("sku", "")).lower()) in said.folded:
        return Match(card, 1.0, 1.0)
    return Match(card, total / len(wanted), covered / len(name) if name else 0.0)


def _elsewhere(card: Json) -> set[str]:
    texts = [str(card.get("brand") or ""), str((card.get("category") or {}).get("name", ""))]
    texts += [str(tag) for tag in card.get("tags") or []]
    texts += [str(value) for value in (card.get("attributes") or {}).values()]
    texts += [str(card.get("variant_name") or "")]
    for variant in card.get("variants") or []:
        texts += [variant["name"], *map(str, variant["attributes"].values())]
    return {fold(token) for text in texts for token in tokens_of(text)}


def variants_of(said: Said, variants: Sequence[Json]) -> list[Json]:
    """Variants that the message names, by their own words; all that fit alike."""
    best: list[Json] = []
    most = 0
    for variant in variants:
        words = {
            fold(token)
            for text in (variant["name"], *map(str, variant["attributes"].values()))
            for token in tokens_of(text)
        }
        raw = {fold(token) for token in tokens_of(said.text)}
        count = len(words & raw)
        if fold(str(variant["sku"]).lower()) in raw:
            return [variant]
        if count > most:
            best, most = [variant], count
        elif count == most and count:
            best.append(variant)
    return best

"""The shop's own texts: the sentences that answer a question, quoted."""

import math
import re
from collections import Counter
from typing import Any

from chatbot.language import fold, tokens_of
from chatbot.replies import policy_source
from chatbot.slots import Said
from chatbot.turns import Turn

Json = dict[str, Any]
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_ORDINARY = """
a an and are as at be by can could do does for from have how i if in is it me my of on or our please tell the there this
to was we what what's when where which who will with you your about get give need want would much many long something
item items article articles thing things order orders policy rules
"""
_SMALL = frozenset(fold(word) for word in _ORDINARY.split())
#: A word in the title or the keywords says more about a text than one in its body.
_TITLE, _QUOTED = 2.5, 3


async def policy_answer(turn: Turn, said: Said) -> bool:
    """Quote the text that fits best; False when none has a word of the question."""
    policies = await turn.shop.policies()
    found = policy_find(said, policies)
    if found is None:
        return False
    policy, sentences = found
    for sentence in sentences:
        turn.reply.state(sentence, policy_source(policy))
    turn.reply.reasons.append(f"quoted from {policy['title']}")
    return True


def policy_find(said: Said, policies: list[Json]) -> tuple[Json, list[str]] | None:
    """The text with the rarest words of the question, and its sentences that have most of them (TF-IDF)."""
    asked = {word for token in tokens_of(said.text) if (word := fold(token)) not in _SMALL}
    bodies = [_stems(policy["body"]) for policy in policies]
    heads = [_stems(" ".join([policy["title"], policy["slug"], *policy["keywords"]])) for policy in policies]
    seen = Counter(word for body, head in zip(bodies, heads, strict=True) for word in body | head)
    asked_stems = {_stem(word) for word in asked}

    def weight(word: str) -> float:
        return math.log(1 + len(policies) / seen[word]) if seen[word] else 0.0

    scores = [
        sum(weight(word) * ((word in body) + _TITLE * (word in head)) for word in asked_stems)
        for body, head in zip(bodies, heads, strict=True)
    ]
    if not scores or max(scores) <= 0:
        return None
    best = scores.index(max(scores))
    sentences = [part for part in _SENTENCE.split(policies[best]["body"].strip()) if part]
    valued = [(sum(weight(word) for word in _stems(part) & asked_stems), part) for part in sentences]
    chosen = sorted((pair for pair in valued if pair[0] > 0), key=lambda pair: -pair[0])[:_QUOTED]
    kept = [part for _, part in chosen] or sentences[:_QUOTED]
    return policies[best], [part for part in sentences if part in kept]


def _stems(text: str) -> set[str]:
    return {_stem(fold(token)) for token in tokens_of(text)} - {_stem(word) for word in _SMALL}


def _stem(word: str) -> str:
    for ending in ("ing", "ation", "ment", "ed", "able", "er"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word.removesuffix(ending)
            break
    return word.rstrip("e") if len(word) > 4 else word

"""The committed ways to say things, written out: each line of ``phrasings.txt`` is a small grammar."""

import hashlib
import random
import re
from functools import cache
from pathlib import Path

from chatbot.language import NUMBER, ORDER, ORDINAL, THING, number_of, tokens_of

_FILE, _HELDOUT = (Path(__file__).with_name(name) for name in ("phrasings.txt", "heldout.txt"))
_CHOICE = re.compile(r"\(([^()\[\]]*)\)|\[([^()\[\]]*)\]")
_SLOTS = {"{p}": THING, "{o}": ORDER}
#: Words of the grammar that are too often part of an article's name.
_ARTICLES = frozenset(
    {"bag", "card", "cards", "code", "desk", "key", "label", "shelf", "table", "top", "window", "cut"}
)
#: How often a line is written out at most: long grammars must not outweigh short ones.
_PER_LINE = 60


@cache
def grammar() -> dict[str, list[str]]:
    """Lines by intent."""
    return sections_of(_FILE)


@cache
def heldout() -> list[tuple[str, str]]:
    """``(intent, message)`` to judge with."""
    return [(intent, line) for intent, lines in sections_of(_HELDOUT).items() for line in lines]


def sections_of(file: Path) -> dict[str, list[str]]:
    """Lines below ``== intent`` headings."""
    lines: dict[str, list[str]] = {}
    intent = ""
    for raw in file.read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if line.startswith("=="):
            intent = line.strip("= ")
            lines[intent] = []
        elif line and not line.startswith("#"):
            lines[intent].append(line)
    return lines


def phrasings_digest() -> str:
    """SHA-256 of the file."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()


@cache
def known_words() -> frozenset[str]:
    """Every word that the grammar says itself: what is not among them is what a customer speaks about."""
    text = re.sub(r"\{\w+\}|[()\[\]|]", " ", " ".join(line for lines in grammar().values() for line in lines))
    return frozenset(tokens_of(text)) - _ARTICLES - {":"}


def phrasings_make(*, seed: int) -> list[tuple[str, list[str]]]:
    """``(intent, masked words)``, without repetitions; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - chooses examples
    made = []
    for intent, lines in grammar().items():
        seen = set()
        for line in lines:
            for _ in range(_PER_LINE):
                words = _masked(_chosen(line, chance), chance)
                if words and tuple(words) not in seen:
                    seen.add(tuple(words))
                    made.append((intent, words))
    return made


def _chosen(line: str, chance: random.Random) -> str:
    """One way to say a line; innermost choices first."""

    def choose(match: re.Match[str]) -> str:
        if match[1] is not None:
            return chance.choice(match[1].split("|"))
        return chance.choice([*match[2].split("|"), ""])

    while _CHOICE.search(line):
        line = _CHOICE.sub(choose, line, count=1)
    return line


def _masked(text: str, chance: random.Random) -> list[str]:
    for slot, word in _SLOTS.items():
        text = text.replace(slot, f" {word} ")
    text = re.sub(r"\{n\}", lambda _: f" {chance.choice([NUMBER, NUMBER, 'one'])} ", text)
    kept = known_words() | {THING, ORDER, NUMBER, ORDINAL}
    words = [
        token if token in kept else NUMBER if number_of(token) is not None else THING
        for token in tokens_of(text)
        if token != ":"
    ]
    return [word for at, word in enumerate(words) if not (word == THING and words[at - 1 : at] == [THING])]

"""Words, numbers and order numbers of a message, the same for learning and for serving. English."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

#: As the shop makes them: 20 characters of Crockford's base 32.
ORDER_NUMBER = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{20}\b", re.IGNORECASE)
#: Digits and letters in turns, as in numbers of models and articles; no quantity (x3) and no measure (500ml).
_CODE = r"(?![x×]\d+\b)\d*[^\W\d_]+\d[^\W_]*|\d{4,}[^\W\d_]+"
_TOKEN = re.compile(_CODE + r"|\d+[x×]\b|[x×]\d+|\d+(?:[.,]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[^\W_]+|:")
_UNITS = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "dozen": 12, "couple": 2,
    "half-dozen": 6,
}  # fmt: skip
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "1st": 1,
    "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "6th": 6, "7th": 7, "8th": 8,
}  # fmt: skip
#: What a masked message is made of, beside known words.
NUMBER, ORDINAL, ORDER, THING = "num", "nth", "ordernum", "thing"
_LONGEST = 60


def normalise(text: str) -> str:
    """Lower case, plain quotes, one kind of space, accents kept apart from letters that have none."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'").replace("`", "'")
    text = "".join(" " if unicodedata.category(letter) in ("Cc", "Cf", "Zs") else letter for letter in text)
    return " ".join(text.lower().split()).replace("half a dozen", "half-dozen")


def tokens_of(text: str) -> list[str]:
    """Words and numbers in their order; punctuation is gone but for colons."""
    return [
        token
        for part in normalise(text).replace("half-dozen", "six").split()
        for token in _TOKEN.findall(part)
    ]


def is_code(token: str) -> bool:
    """Whether it is neither a word nor a number, but what an article may be called."""
    return re.fullmatch(_CODE, token) is not None


def fold(word: str) -> str:
    """A word as it is compared: no accents, no plural, no possessive."""
    word = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
    word = word.removesuffix("'s").replace("'", "")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def number_of(token: str) -> int | None:
    """The whole number that a token says: ``3``, ``three``, ``3x``, ``x3``."""
    if token in _UNITS:
        return _UNITS[token]
    digits = token.strip("x×")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 6 else None


def ordinal_of(token: str) -> int | None:
    """``second`` → 2."""
    return _ORDINALS.get(token)


def masked(text: str, known: frozenset[str]) -> list[str]:
    """The message as the classifier sees it: known words as they are (typos mended), the rest by what it is.

    What an article is called says nothing about what the customer wants, so all unknown words in a row are one thing.
    """
    result: list[str] = []
    for token in tokens_of(ORDER_NUMBER.sub(f" {ORDER} ", text))[:_LONGEST]:
        kind = _kind(token, known)
        if kind and not (kind == THING and result[-1:] == [THING]):
            result.append(kind)
    return result


def _kind(token: str, known: frozenset[str]) -> str:
    if token == ORDER or token in known:
        return token
    if is_code(token):
        return THING
    if (other := _folded(known).get(fold(token))) is not None:
        return other
    if ordinal_of(token) is not None:
        return ORDINAL
    if number_of(token) is not None or token[0].isdigit():
        return NUMBER
    if token == ":":
        return ""
    return mended(token, known) or THING


@cache
def _folded(known: frozenset[str]) -> dict[str, str]:
    """Known words by what they have in common with their plural and singular."""
    return {fold(word): word for word in sorted(known) if len(word) > 3}


def mended(token: str, known: Iterable[str]) -> str | None:
    """The known word that ``token`` is a slip of: one for words of five letters and more, two from eight on.

    The first letter counts as right, or as swapped with the second. Short words are too easily others: of four
    letters only those count whose letters are swapped or doubled.
    """
    if len(token) < 4:
        return None
    if len(token) < 6:
        swapped = [word for word in known if len(word) > 3 and _is_swap(token, word)]
        if len(token) == 4 or swapped:
            return min(swapped, default=None)
    allowed = 1 if len(token) < 8 else 2
    best: tuple[int, str] | None = None
    for word in known:
        if abs(len(word) - len(token)) > allowed or len(word) < 4 or word[0] not in token[:2]:
            continue
        distance = slips(token, word, allowed)
        if distance <= allowed and (best is None or (distance, word) < best):
            best = (distance, word)
    return best[1] if best else None


def slips(one: str, other: str, limit: int) -> int:
    """Letters missing, extra, wrong or swapped (optimal string alignment); ``limit`` + 1 when there are more."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, left in enumerate(one, 1):
        following = [i]
        for j, right in enumerate(other, 1):
            cost = min(row[j] + 1, following[j - 1] + 1, row[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            following.append(cost)
        if min(following) > limit:
            return limit + 1
        before, row = row, following
    return row[-1]


def _is_swap(one: str, other: str) -> bool:
    """Two neighbours changed places, or a letter came twice or once too often."""
    if len(one) == len(other):
        wrong = [at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
        return (
            len(wrong) == 2
            and wrong[1] == wrong[0] + 1
            and one[wrong[0]] == other[wrong[1]]
            and (one[wrong[1]] == other[wrong[0]])
        )
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return len(longer) == len(shorter) + 1 and any(
        longer[:at] + longer[at + 1 :] == shorter and longer[at] == longer[at - 1]
        for at in range(1, len(longer))
    )

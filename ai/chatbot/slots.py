"""What a message speaks of: articles, quantities, orders, places in a list, prices."""

import re
from dataclasses import dataclass
from functools import cached_property

from chatbot.language import ORDER_NUMBER, fold, is_code, mended, normalise, number_of, ordinal_of, tokens_of
from chatbot.phrasings import known_words

_TAIL = re.compile(
    r"\b(because|since|so that|as it|as i|for my|for our|it is|it's|they are|thanks|thank you)\b.*"
)
_REASON = re.compile(r"\b(?:because|since|reason:?|as it|as they|as i)\s+(.{3,200})", re.IGNORECASE)
_FAULT = re.compile(
    r"\b(?:is|are|was|were|arrived|came|it's)\s+((?:too|not|completely|badly|a bit)?\s*(?:broken|damaged|defective|"
    r"faulty|wrong|small|big|large|tight|scratched|torn|late|what i (?:wanted|ordered|expected))[^.,;!?]{0,80})",
    re.IGNORECASE,
)
_NOT_QUANTITY = re.compile(
    r"\b(?:instead of|rather than|not|from|under|below|over|above|than|size|option|number|no)\s*$"
)
_MONEY = r"[£$€]?\s*(\d+(?:[.,]\d{1,2})?)\s*(?:pounds?|dollars?|euros?|quid|bucks|gbp|usd|eur|[£$€])?"
_BELOW = re.compile(
    rf"\b(?:under|below|less than|cheaper than|up to|at most|max(?:imum)?|no more than)\s*{_MONEY}"
)
_ABOVE = re.compile(rf"\b(?:over|above|more than|at least|min(?:imum)?|from)\s*{_MONEY}")
_BETWEEN = re.compile(rf"\b(?:between|from)\s*{_MONEY}\s*(?:and|to|-)\s*{_MONEY}")
_PLACE = re.compile(r"(?:\b(?:option|number|item|choice|no\.?)\s*|#\s*)(\d{1,2})\b")
_ORDER_ID = re.compile(r"\border\s*(?:number|no\.?|id)?\s*[#:]?\s*(\d{1,18})\b")
_PRONOUNS = frozenset(("it", "that", "this", "them", "these", "those", "one", "ones", "both"))
_BEFORE_ONE = frozenset(
    ("that", "this", "the", "which", "last", "other", "another", "right", "wrong", "same", "each")
)
_ALONE = frozenset(
    ("one", "option", "item", "product", "article", "of", "please", "choice", "thing", "order")
)
_ORDERINGS = (
    (re.compile(r"\b(cheapest|lowest price|least expensive|most affordable)\b"), "price"),
    (re.compile(r"\b(most expensive|priciest|dearest|highest price)\b"), "-price"),
    (re.compile(r"\b(best rated|top rated|highest rated|best)\b"), "rating"),
    (re.compile(r"\b(newest|latest|most recent)\b"), "newest"),
)
_RECENT = re.compile(r"\b(last|latest|most recent|newest|recent)\b")
_OLDEST = re.compile(r"\b(first|oldest|earliest)\b")
_JOINTS = re.compile(r"\s*(?:,|\band also\b|\band\b|\bplus\b|&|\bas well as\b|\balong with\b)\s*")


@dataclass(frozen=True)
class Said:
    """One message, or a part of one."""

    text: str

    @cached_property
    def plain(self) -> str:
        """Lower case, one line."""
        return normalise(self.text)

    @cached_property
    def tokens(self) -> list[str]:
        """All words and numbers; without order numbers and reasons."""
        return tokens_of(_TAIL.sub("", ORDER_NUMBER.sub(" ", self.plain)))

    @cached_property
    def content(self) -> list[str]:
        """Words that only an article can be called by."""
        return [t for t in self._unknown if len(t) > 2 and mended(t, known_words()) is None]

    @cached_property
    def doubtful(self) -> list[str]:
        """Words that are probably slips of ordinary ones, or too short to say."""
        return [t for t in self._unknown if t not in self.content]

    @cached_property
    def _unknown(self) -> list[str]:
        return [
            t
            for t in self.tokens
            if t not in known_words() and number_of(t) is None and (is_code(t) or not t[0].isdigit()) and t != ":"
            and (ordinal_of(t) is None)
        ]  # fmt: skip

    @cached_property
    def folded(self) -> frozenset[str]:
        """All words as they are compared."""
        return frozenset(fold(token) for token in self.tokens)

    @property
    def phrase(self) -> str:
        """What to search for."""
        return " ".join(self.content or self.doubtful)

    @property
    def points(self) -> bool:
        """Whether it speaks of something that was shown or said before."""
        return bool(_PRONOUNS & set(self.tokens)) or self.place is not None

    @property
    def anaphora(self) -> bool:
        """Whether it says "the … one": one of those that were shown."""
        return bool({"one", "ones"} & set(self.tokens))

    def quantity(self, name: str = "") -> int | None:
        """How many; numbers that are part of the article's ``name`` do not count."""
        named = [fold(token) for token in tokens_of(name)]
        words = self.plain.split()
        text = _TAIL.sub("", ORDER_NUMBER.sub(" ", self.plain))
        for match in re.finditer(r"[^\s,;.!?]+", text):
            token = match[0].strip("#:")
            before = text[: match.start()]
            value = number_of(token) if token != "one" else self._one(before)
            if value is None or _NOT_QUANTITY.search(before) or before.endswith(("#", "£", "$", "€")):
                continue
            if fold(token) in named:
                named.remove(fold(token))
                continue
            return value
        return 1 if "another" in words else None

    @staticmethod
    def _one(before: str) -> int | None:
        words = before.split()
        previous = words[-1] if words else ""
        if previous in _BEFORE_ONE or ordinal_of(previous) is not None:
            return None
        known = previous in known_words() or not previous
        return 1 if known else None

    @cached_property
    def place(self) -> int | None:
        """A place in a list, from 1; -1 is the last."""
        if match := _PLACE.search(self.plain):
            return int(match[1])
        for at, token in enumerate(self.tokens):
            following = self.tokens[at + 1] if at + 1 < len(self.tokens) else ""
            alone = not following or following in _ALONE or following in known_words()
            if alone and (place := ordinal_of(token)) is not None:
                return place
            if token == "last" and following in ("one", "of", "option", "item"):
                return -1
        return None

    @cached_property
    def order_numbers(self) -> list[str]:
        """Order numbers, as the shop writes them."""
        return [number.upper() for number in ORDER_NUMBER.findall(self.text)]

    @cached_property
    def order_ids(self) -> list[int]:
        """Numbers said after "order"."""
        return [int(number) for number in _ORDER_ID.findall(ORDER_NUMBER.sub(" ", self.plain))]

    @property
    def recent(self) -> bool:
        """Whether the latest is meant."""
        return bool(_RECENT.search(self.plain))

    @property
    def oldest(self) -> bool:
        """Whether the earliest is meant."""
        return bool(_OLDEST.search(self.plain))

    @cached_property
    def reason(self) -> str:
        """Why, in the customer's words."""
        match = _REASON.search(self.text) or _FAULT.search(self.text)
        return " ".join(match[1].split()).rstrip(".!?") if match else ""

    def filters(self) -> dict[str, str]:
        """Price bounds and ordering, as the product list takes them."""
        found: dict[str, str] = {}
        if match := _BETWEEN.search(self.plain):
            found = {"min_price": _amount(match[1]), "max_price": _amount(match[2])}
        elif match := _BELOW.search(self.plain):
            found["max_price"] = _amount(match[1])
        elif match := _ABOVE.search(self.plain):
            found["min_price"] = _amount(match[1])
        for pattern, ordering in _ORDERINGS:
            if pattern.search(self.plain):
                return {**found, "ordering": ordering}
        return found

    def parts(self) -> list["Said"]:
        """What stands between "and" and commas, if each part speaks of an article of its own."""
        parts = [Said(part) for part in _JOINTS.split(_TAIL.sub("", self.plain)) if part.strip()]
        return parts if len(parts) > 1 and all(part.content for part in parts) else [self]


def _amount(text: str) -> str:
    return text.replace(",", ".")

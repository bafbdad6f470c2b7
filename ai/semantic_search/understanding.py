"""What a text says beside words to look for: prices, stock, and attributes that the catalogue has."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

_UNIT = r"(?:[£$€]|pounds?\b|dollars?\b|euros?\b|gbp\b|usd\b|eur\b)"
_AMOUNT = rf"(?:[£$€]\s*)?(\d{{1,7}}(?:[.,]\d{{1,2}})?)(?![\d.,]*\d)\s*{_UNIT}?"
_MONEY = rf"(?:[£$€]\s*\d|\d[\d.,]*\s*{_UNIT})"
_LIMITS = (
    ("max", r"(?:under|below|less than|cheaper than|up to|no more than|at most|max(?:imum)?)"),
    ("min", r"(?:over|above|more than|at least|from|min(?:imum)?)"),
)
_BETWEEN = re.compile(
    rf"\bbetween\s+{_AMOUNT}\s+and\s+{_AMOUNT}|\bfrom\s+{_AMOUNT}\s+to\s+{_AMOUNT}", re.IGNORECASE
)
#: Words after which a number is a price even without a currency; after others ("from 1950") it need not be.
_SURE = frozenset(
    {"under", "below", "cheaper than", "less than", "over", "above", "more than", "at most", "at least"}
)
_STOCK = re.compile(r"\b(?:in stock|available now|that are available)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Understood:
    """The text without what became a filter, and the filters; prices are in major units."""

    text: str
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    in_stock: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    #: A sentence for each phrase that became a filter.
    reasons: tuple[str, ...] = ()


def understood(text: str, *, values: Mapping[str, Mapping[str, str]]) -> Understood:
    """Read a text. ``values`` are the catalogue's: attribute → value in lower case → value as it is.

    A text that would have no word left keeps all of them: "under £5" alone may be a name.
    """
    rest, low, high, reasons = _prices(text)
    in_stock = bool(_STOCK.search(rest))
    if in_stock:
        rest = _STOCK.sub(" ", rest)
        reasons.append("only what is in stock")
    rest, attributes = _attributes(rest, values)
    reasons += [f"{name} is {value}" for name, value in attributes.items()]
    rest = " ".join(rest.split())
    if not re.search(r"\w", rest):
        return Understood(text)
    return Understood(rest, low, high, in_stock, attributes, tuple(reasons))


def _prices(text: str) -> tuple[str, Decimal | None, Decimal | None, list[str]]:
    if (match := _BETWEEN.search(text)) and _is_money(match):
        low, high = sorted(_decimal(amount) for amount in match.groups() if amount)
        return _without(text, match), low, high, [f"a price from {low} to {high}"]
    limits: dict[str, Decimal] = {}
    reasons = []
    for side, words in _LIMITS:
        match = re.search(rf"\b({words})\s+{_AMOUNT}", text, re.IGNORECASE)
        if match and _is_money(match):
            limits[side] = _decimal(match[2])
            text = _without(text, match)
            reasons.append(f"a price {'up to' if side == 'max' else 'from'} {limits[side]}")
    return text, limits.get("min"), limits.get("max"), reasons


def _is_money(match: re.Match[str]) -> bool:
    """Whether the number is surely a price: by its currency, or by the word before it when no unit follows."""
    if re.search(_MONEY, match[0], re.IGNORECASE):
        return True
    sure = match[0].lower().startswith("between") or (match[1] or "").lower() in _SURE
    return sure and not re.match(
        r"\s*[a-z%\"'°]", match.string[match.end() :].split(" and ")[0][:2], re.IGNORECASE
    )


def _without(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + " " + text[match.end() :]


def _decimal(amount: str) -> Decimal:
    return Decimal(amount.replace(",", "."))


def _attributes(text: str, values: Mapping[str, Mapping[str, str]]) -> tuple[str, dict[str, str]]:
    """Phrases that name an attribute and one of its values, in either order: "size L", "blue colour"."""
    found = {}
    for name, known in values.items():
        for pattern in (rf"\b{re.escape(name)}\s*[:=]?\s+([\w.-]+)", rf"([\w.-]+)\s+{re.escape(name)}\b"):
            match = re.search(pattern, text, re.IGNORECASE)
            if match and (value := known.get(match[1].lower())) is not None:
                found[name] = value
                text = _without(text, match)
                break
    return text, found

"""Why an order scored as it did, in codes for machines and sentences for merchants.

A model's contributions (SHAP values of the trees, Lundberg and others 2020) are added up by code; the sentence states
what was seen, with its numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fraud_detection.features import KINDS, NAMES

#: So many reasons are given at most, and none weaker than this in log-odds.
MOST, LEAST = 4, 0.1
NOTHING = "Nothing about this order stands out."
_WHOSE = {
    "user": "by this customer", "card": "with this card", "address": "to this address",
    "ip": "from this network", "habit": "by this customer to this address",
}  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """One reason; ``weight`` is its part of the score in log-odds."""

    code: str
    text: str
    weight: float


def reasons_of(row: np.ndarray, contributions: np.ndarray) -> list[Reason]:
    """The strongest reasons for suspicion, strongest first; both arrays are in the order of ``NAMES``."""
    seen = dict(zip(NAMES, map(float, row), strict=True))
    totals: dict[str, float] = {}
    for name, weight in zip(NAMES, contributions, strict=True):
        code = _code_of(name)
        totals[code] = totals.get(code, 0.0) + float(weight)
    found = []
    for code, weight in sorted(totals.items(), key=lambda item: -item[1]):
        text = _sentence(code, seen) if weight >= LEAST else None
        if text is not None:
            found.append(Reason(code, text, round(weight, 3)))
    return found[:MOST]


def rule_reasons(row: np.ndarray, points: float) -> list[Reason]:
    """What the rules object to."""
    if points <= 0:
        return []
    seen = dict(zip(NAMES, map(float, row), strict=True))
    wanted = [
        ("amount_large", seen["amount"] >= 220),
        ("unusual_amount_user", seen["user_amount_ratio"] >= 3),
    ]
    wanted += [(f"velocity_{kind}", seen[f"{kind}_orders_1h"] >= 3) for kind in ("user", "card")]
    wanted += [(f"known_fraud_{kind}", seen[f"{kind}_frauds_30d"] > 0) for kind in ("card", "address", "ip")]
    found = [(code, _sentence(code, seen)) for code, applies in wanted if applies]
    return [Reason(code, text, 1.0) for code, text in found if text is not None][:MOST]


def _code_of(name: str) -> str:
    kind, _, what = name.partition("_")
    if kind not in KINDS:
        return "amount_large" if name == "amount" else "unusual_hour"
    if what == "amount_ratio":
        return f"unusual_amount_{kind}"
    if what.startswith(("orders", "sum")):
        return f"velocity_{kind}"
    return f"known_fraud_{kind}"


def _sentence(code: str, seen: Mapping[str, float]) -> str | None:
    """What was seen; None where the numbers give no cause for the sentence."""
    if code == "amount_large":
        return f"The amount of {seen['amount']:.2f} is one that fraud often has."
    if code == "unusual_hour":
        return f"It was placed at {seen['hour']:.0f} o'clock (UTC)."
    what, _, kind = code.rpartition("_")
    whose = _WHOSE[kind]
    if what == "unusual_amount":
        ratio = seen[f"{kind}_amount_ratio"]
        return (
            f"The amount is {ratio:.1f} times what is usual for orders {whose}."
            if seen[f"{kind}_orders_30d"]
            else None
        )
    if what == "velocity":
        if not seen[f"{kind}_orders_30d"]:
            return f"There was no order {whose} in the last 30 days."
        for window, words in (
            ("1h", "the last hour"),
            ("24h", "24 hours"),
            ("7d", "7 days"),
            ("30d", "30 days"),
        ):
            if count := seen[f"{kind}_orders_{window}"]:
                return f"{count:.0f} earlier order{'s' if count > 1 else ''} {whose} within {words}."
    frauds = seen[f"{kind}_frauds_30d"]
    if frauds:
        return f"{frauds:.0f} order{'s' if frauds > 1 else ''} {whose} turned out to be fraud in the last 30 days."
    return None

"""What is known of an order when it is placed: amount and hour, and the pace of its user, card, address and network.

Two makers of the same numbers: :func:`features_of` over a whole history at once, for training, and :func:`row_of` from
what :mod:`fraud_detection.velocity` counts in Redis, for serving. A test holds them to each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fraud_detection.table import DAY_S, Transactions

#: What an order is recognised by; ``habit`` is its user together with its address, so that a new address shows.
KINDS = ("user", "card", "address", "ip", "habit")
#: Windows of counts and sums, and of what became known, in seconds.
WINDOWS = {"1h": 3_600.0, "24h": DAY_S, "7d": 7 * DAY_S, "30d": 30 * DAY_S}
KNOWN_WINDOWS = ("7d", "30d")
#: How long a fraud is remembered: longer than any wave of fraud from one place, so that its beginning can be seen.
MEMORY_S = 45 * DAY_S
_NIGHT_ENDS = 6
#: Of one order, or a column of many.
Number = float | np.ndarray
#: Orders that share a thing carry this much weight against what is usual, where little is known.
_PRIOR = 1.0


@dataclass(frozen=True)
class Past:
    """What went before of one kind: orders and sums by window, and what is known of them (``frauds`` of ``known``).

    ``first`` and ``last`` are the seconds since the first and the last fraud of the last 45 days became known, -1 where
    there was none.
    """

    counts: Sequence[Number] = (0, 0, 0, 0)
    sums: Sequence[Number] = (0, 0, 0, 0)
    frauds: Sequence[Number] = (0, 0)
    known: Sequence[Number] = (0, 0)
    first: Number = -1.0
    last: Number = -1.0


def _names() -> tuple[str, ...]:
    names = ["amount", "hour", "night", "weekend"]
    for kind in KINDS:
        names += [f"{kind}_orders_{window}" for window in WINDOWS]
        names += [f"{kind}_sum_{window}" for window in ("24h", "7d")]
        names.append(f"{kind}_amount_ratio")
        names += [f"{kind}_{what}_{window}" for what in ("frauds", "risk") for window in KNOWN_WINDOWS]
        names += [f"{kind}_first_fraud_days", f"{kind}_last_fraud_days"]
    return tuple(names)


NAMES = _names()


def row_of(*, at: float, amount: float, past: Mapping[str, Past]) -> np.ndarray:
    """The features of one order; kinds that it does not have are as if never seen."""
    columns = {kind: _columns(amount, past.get(kind, Past())) for kind in KINDS}
    return np.array(
        [*_own(at, amount), *(value for kind in KINDS for value in columns[kind])], dtype=np.float64
    )


def features_of(table: Transactions) -> np.ndarray:
    """The features of all orders, each from what was before it; shape (orders, features)."""
    parts = [np.array(_own(table.at, table.amount))]
    for kind in KINDS:
        parts.append(np.array(_columns(table.amount, _past(table, getattr(table, kind)))))
    return np.concatenate(parts).T


def _own(at: np.ndarray | float, amount: np.ndarray | float) -> list:
    hour = np.floor((at % DAY_S) / 3_600)
    weekday = np.floor(at / DAY_S + 3) % 7  # the first of January 1970 was a Thursday
    return [amount, hour, 1.0 * (hour < _NIGHT_ENDS), 1.0 * (weekday >= 5)]


def _columns(amount: np.ndarray | float, past: Past) -> list:
    counts, sums = past.counts, past.sums
    usual = (np.asarray(sums[3]) + _PRIOR * amount) / (np.asarray(counts[3]) + _PRIOR)
    risks = [np.asarray(f) / np.maximum(k, 1) for f, k in zip(past.frauds, past.known, strict=True)]
    ratio = amount / np.maximum(usual, 0.01)
    ages = [np.asarray(past.first) / DAY_S, np.asarray(past.last) / DAY_S]
    return [*counts, sums[1], sums[2], ratio, *past.frauds, *risks, *ages]


def _past(table: Transactions, entity: np.ndarray) -> Past:
    """Counts over all history by sorting: for each order, earlier orders of the same entity within each window."""
    known_at = table.at + table.delay
    span = float(np.nanmax(np.where(np.isfinite(known_at), known_at, table.at), initial=0)) + 2 * MEMORY_S + 1
    key = entity * span + table.at + MEMORY_S
    order = np.argsort(key, kind="stable")
    sorted_keys = key[order]
    totals = np.concatenate([[0.0], np.cumsum(table.amount[order])])
    place = np.empty(len(key), np.int64)
    place[order] = np.arange(len(key))
    absent = entity < 0
    starts = [np.searchsorted(sorted_keys, key - width, "right") for width in WINDOWS.values()]
    counts = [np.where(absent, 0, place - start) for start in starts]
    sums = [np.where(absent, 0, totals[place] - totals[start]) for start in starts]
    told = np.isfinite(known_at)
    label_key = (entity * span + known_at + MEMORY_S)[told]
    by_label = np.argsort(label_key, kind="stable")
    label_keys = label_key[by_label]
    found = np.concatenate([[0], np.cumsum(table.fraud[told][by_label])])
    until = np.searchsorted(label_keys, key, "right")
    frauds, known = [], []
    for name in KNOWN_WINDOWS:
        since = np.searchsorted(label_keys, key - WINDOWS[name], "right")
        frauds.append(np.where(absent, 0, found[until] - found[since]))
        known.append(np.where(absent, 0, until - since))
    fraud_keys = label_keys[table.fraud[told][by_label]]
    fraud_keys = np.concatenate([fraud_keys, [np.inf]])
    oldest = np.searchsorted(fraud_keys, key - MEMORY_S, "right")
    latest = np.searchsorted(fraud_keys, key, "right")
    none = absent | (oldest >= latest)
    first = np.where(none, -1, key - fraud_keys[oldest])
    last = np.where(none, -1, key - fraud_keys[np.maximum(latest - 1, 0)])
    return Past(counts, sums, frauds, known, first, last)

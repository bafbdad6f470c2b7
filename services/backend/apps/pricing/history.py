"""What a price was. Pure: entries are (from when, price), the oldest first."""

from collections.abc import Sequence
from datetime import datetime, timedelta

Entry = tuple[datetime, int]
_MONTH = timedelta(days=30)


def prices_between(entries: Sequence[Entry], start: datetime, end: datetime) -> list[int]:
    """Prices in force at any moment from ``start`` until before ``end``, in their order."""
    found = []
    for place, (at, price) in enumerate(entries):
        until = entries[place + 1][0] if place + 1 < len(entries) else None
        if at < end and (until is None or until > start):
            found.append(price)
    return found


def lowest_price(entries: Sequence[Entry], *, current: int) -> int:
    """The lowest price of the 30 days before the current one began (Directive 98/6/EC, article 6a).

    The current price where there was none before it.
    """
    start = None
    for at, price in reversed(entries):
        if price != current:
            break
        start = at
    return current if start is None else min(prices_between(entries, start - _MONTH, start), default=current)

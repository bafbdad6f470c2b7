"""Sales and prices of the shop as days by articles."""

import hashlib
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from dynamic_pricing.demand import Sales
from meshop_shared.ai.features import PRICES, SALES, FeatureStore

#: Days that are looked at, and what an article needs to be priced by a model.
WINDOW, LEAST_DAYS, LEAST_UNITS = 84, 14, 10


@dataclass(frozen=True)
class History:
    """A table of sales and whose it is: SKUs of the columns and on how many days each was on sale."""

    sales: Sales
    skus: tuple[str, ...]
    days: tuple[int, ...]
    last: date

    def digest(self) -> str:
        """SHA-256 of everything that a model could learn from."""
        total = hashlib.sha256("\n".join((*self.skus, self.last.isoformat())).encode())
        for part in (self.sales.units, self.sales.prices, self.sales.known, self.sales.category):
            total.update(np.ascontiguousarray(part).tobytes())
        return total.hexdigest()


def history_read(store: FeatureStore) -> History | None:
    """The last weeks of sales in the feature tables; None where nothing was sold."""
    sold: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    category: dict[str, str] = {}
    last = date.min
    for row in store.read(SALES):
        line = dict(zip(SALES.columns, row, strict=True))
        day = line["at"].astimezone(UTC).date()
        last = max(last, day)
        if not line["cancelled"] and line["quantity"] > 0:
            sold[line["sku"]][day] += line["quantity"]
            category[line["sku"]] = line["category"]
    prices: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for _, sku, at, price in store.read(PRICES):
        if sku in sold and price > 0:
            prices[sku].append((at, price))
    return history_build(sold, prices, category, last) if sold else None


def history_build(
    sold: dict[str, dict[date, int]], prices: dict[str, list[tuple[datetime, int]]], category: dict[str, str],
    last: date,
) -> History | None:  # fmt: skip
    """Days by articles, each from its first price on, at the price of noon; None where too little is known."""
    first = last - timedelta(days=WINDOW - 1)
    days = [first + timedelta(days=number) for number in range(WINDOW)]
    columns, skus, counts = [], [], []
    for sku in sorted(sold):
        entries = sorted(prices.get(sku, []))
        starts = [at for at, _ in entries]
        places = [bisect_right(starts, datetime.combine(day, time(12), tzinfo=UTC)) - 1 for day in days]
        known = np.array([place >= 0 for place in places])
        units = np.array([sold[sku].get(day, 0) for day in days], dtype=np.float64) * known
        if known.sum() < LEAST_DAYS or units.sum() < LEAST_UNITS:
            continue
        price = np.array([entries[max(place, 0)][1] for place in places], dtype=np.float64)
        columns.append((units, price, known))
        skus.append(sku)
        counts.append(int(known.sum()))
    if not skus:
        return None
    units, price, known = (np.stack(part, axis=1) for part in zip(*columns, strict=True))
    names = sorted({category.get(sku, "") for sku in skus})
    numbers = np.array([names.index(category.get(sku, "")) for sku in skus])
    nothing = np.zeros_like(known)
    return History(Sales(units, price, known, nothing, numbers), tuple(skus), tuple(counts), last)

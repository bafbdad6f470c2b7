"""What was sold, by article and week: the one input of every method here.

Weeks have seven days and end with the last day that was seen, so that the latest is always whole. An article exists
from its first sale on.
"""

import csv
import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from demand_forecasting.stockouts import StockChange, Stockouts, corrected
from meshop_shared.ai.features import SALES, STOCK, FeatureStore

Array = npt.NDArray[Any]
WEEK = 7

#: Codes that are goods in Online Retail II; POST, M, BANK CHARGES, gift vouchers and the like are not.
_ARTICLE = re.compile(r"^\d{5}")


class Sale(NamedTuple):
    """A line of an order: ``day`` is a proleptic ordinal, ``price`` is per piece."""

    sku: str
    name: str
    category: str
    day: int
    quantity: float
    price: float


@dataclass(frozen=True)
class Demand:
    """Articles by weeks. ``units`` are corrected for days without stock, ``sold`` are not; ``revenue`` is of ``sold``.

    ``typical`` are units of which every line counts at most :data:`LARGE_LINE` times what a line of its article
    usually has, ``days`` are days with a sale, ``missing`` days without stock, ``first`` the week of the first sale.
    """

    skus: tuple[str, ...]
    names: tuple[str, ...]
    categories: tuple[str, ...]
    last_day: int
    units: Array
    sold: Array
    typical: Array
    revenue: Array
    lines: Array
    days: Array
    missing: Array
    first: Array

    @property
    def weeks(self) -> int:
        """How many there are."""
        return int(self.units.shape[1])

    def until(self, week: int) -> "Demand":
        """What was known after so many weeks."""
        columns = {name: getattr(self, name)[:, :week] for name in _BY_WEEK}
        return replace(self, last_day=self.last_day - WEEK * (self.weeks - week), **columns)

    def of(self, articles: Array) -> "Demand":
        """Only these articles, in this order."""
        taken: dict[str, Any] = {
            name: tuple(getattr(self, name)[row] for row in articles)
            for name in ("skus", "names", "categories")
        }
        taken |= {name: getattr(self, name)[articles] for name in (*_BY_WEEK, "first")}
        return replace(self, **taken)

    def grouped(self, member: Array, names: tuple[str, ...]) -> "Demand":
        """Sums over the articles whose ``member`` is the number of a name; others are left out."""
        columns: dict[str, Any] = {name: np.zeros((len(names), self.weeks)) for name in _BY_WEEK}
        kept = np.flatnonzero(member < len(names))
        for name, sums in columns.items():
            np.add.at(sums, member[kept], getattr(self, name)[kept])
        first = np.full(len(names), self.weeks)
        np.minimum.at(first, member[kept], self.first[kept])
        return replace(self, skus=names, names=names, categories=names, first=first, **columns)

    def best(self, count: int, *, before: int) -> Array:
        """Articles with the most units before a week, best first; none without a sale."""
        total = self.units[:, :before].sum(1)
        order = np.argsort(-total, kind="stable")[:count]
        return order[total[order] > 0]

    def digest(self) -> str:
        """SHA-256 of everything that a model could learn from."""
        total = hashlib.sha256("\n".join((*self.skus, *self.names, *self.categories)).encode())
        for name in _BY_WEEK:
            total.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return total.hexdigest()


_BY_WEEK = ("units", "sold", "typical", "revenue", "lines", "days", "missing")
#: A line of more than so many times the usual (geometric mean so far) is a large one: nobody buys so twice.
LARGE_LINE = 6.0


def demand_build(
    sales: Iterable[Sale], *, last_day: int | None = None, stockouts: Stockouts | None = None
) -> Demand:
    """Sum up by week; incomplete first weeks are left out. ``last_day`` is that of the last sale unless it is given.

    An article keeps the name and the category of its latest line.
    """
    items: dict[str, int] = {}
    texts: dict[int, tuple[str, str]] = {}
    rows: list[tuple[float, ...]] = []
    for sale in sales:
        item = items.setdefault(sale.sku, len(items))
        texts[item] = (sale.name, sale.category)
        rows.append((item, sale.day, sale.quantity, sale.price))
    table = np.array(rows, dtype=np.float64).reshape(-1, 4)
    last = last_day if last_day is not None else int(table[:, 1].max(initial=0))
    table = table[(table[:, 1] <= last)]
    begin = int(table[:, 1].min(initial=last + 1))
    weeks = (last - begin + 1) // WEEK
    start = last - weeks * WEEK + 1
    table = table[table[:, 1] >= start]
    quantity, price = table[:, 2], table[:, 3]
    cells = (table[:, 0].astype(np.int64), ((table[:, 1] - start) // WEEK).astype(np.int64))
    shape = (len(items), weeks)

    def summed(values: Array) -> Array:
        sums = np.zeros(shape)
        np.add.at(sums, cells, values)
        return sums

    sold, lines = summed(quantity), summed(np.ones(len(quantity)))
    size = np.cumsum(summed(np.log(quantity)), 1) / np.maximum(np.cumsum(lines, 1), 1)
    large = LARGE_LINE * np.exp(size[cells])
    active = np.unique(table[:, :2].astype(np.int64), axis=0)
    days = np.zeros(shape)
    np.add.at(days, (active[:, 0], (active[:, 1] - start) // WEEK), 1)
    first = np.where(lines.any(1), (lines > 0).argmax(1), weeks)
    skus = tuple(items)
    missing = stockouts.days(skus, start=start, weeks=weeks) if stockouts else np.zeros(shape)
    units = corrected(sold, missing=missing, first=first)
    ratio = np.divide(units, sold, out=np.ones(shape), where=sold > 0)
    return Demand(
        skus=skus,
        names=tuple(texts[number][0] for number in range(len(items))),
        categories=tuple(texts[number][1] for number in range(len(items))),
        last_day=last,
        units=units,
        sold=sold,
        typical=summed(np.minimum(quantity, large)) * ratio + (units - sold) * (sold == 0),
        revenue=summed(quantity * price),
        lines=lines,
        days=days,
        missing=missing,
        first=first,
    )


def shop_sales(store: FeatureStore) -> Iterator[Sale]:
    """Sales of the shop; what was cancelled or given away is none."""
    for row in store.read(SALES):
        sale = dict(zip(SALES.columns, row, strict=True))
        if sale["cancelled"] or sale["price_minor"] <= 0 or sale["quantity"] <= 0:
            continue
        yield Sale(
            sku=sale["sku"],
            name=sale["name"],
            category=sale["category"],
            day=sale["at"].astimezone(UTC).toordinal(),
            quantity=float(sale["quantity"]),
            price=sale["price_minor"] / 100,
        )


def shop_stock(store: FeatureStore) -> Iterator[StockChange]:
    """Changes of the shop's stock, in order of time."""
    for row in store.read(STOCK):
        change = dict(zip(STOCK.columns, row, strict=True))
        yield StockChange(change["sku"], change["at"].astimezone(UTC).toordinal(), change["quantity"])


def online_retail_sales(path: Path) -> Iterator[Sale]:
    """Lines of a file in the format of UCI Online Retail II: sales of goods, no cancellations; it has no categories."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sku = row["StockCode"].strip().upper()
            quantity, price = float(row["Quantity"]), float(row["Price"])
            if quantity <= 0 or price <= 0 or not _ARTICLE.match(sku):
                continue
            yield Sale(
                sku=sku,
                name=row["Description"].strip(),
                category="",
                day=date.fromisoformat(row["InvoiceDate"][:10]).toordinal(),
                quantity=quantity,
                price=price,
            )

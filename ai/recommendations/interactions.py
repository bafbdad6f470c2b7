"""What customers bought, as arrays: the one input of every recommender here."""

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

from meshop_shared.ai.features import SALES, FeatureStore

Array = npt.NDArray[Any]

#: Codes that are goods in Online Retail II; POST, M, BANK CHARGES, gift vouchers and the like are not.
_ARTICLE = re.compile(r"^\d{5}")


class Line(NamedTuple):
    """One bought article: ``day`` is a proleptic ordinal, ``price`` is per piece."""

    customer: str
    sku: str
    name: str
    day: int
    quantity: float
    price: float
    basket: str


@dataclass(frozen=True)
class Interactions:
    """Columns of equal length, one row per line, in order of the day; ``skus`` and ``names`` are by item number."""

    customer: Array
    item: Array
    day: Array
    quantity: Array
    price: Array
    basket: Array
    skus: tuple[str, ...]
    names: tuple[str, ...]
    customers: int

    def __len__(self) -> int:
        return len(self.day)

    def where(self, mask: Array) -> "Interactions":
        """Only the rows of ``mask``; numbers of customers and items stay as they are."""
        columns = ("customer", "item", "day", "quantity", "price", "basket")
        return replace(self, **{name: getattr(self, name)[mask] for name in columns})

    def until(self, day: int) -> "Interactions":
        """What was bought up to and including ``day``."""
        return self.where(self.day <= day)

    def between(self, after: int, until: int) -> "Interactions":
        """What was bought later than ``after``, up to and including ``until``."""
        return self.where((self.day > after) & (self.day <= until))

    def digest(self) -> str:
        """SHA-256 of everything that a model could learn from."""
        total = hashlib.sha256("\n".join((*self.skus, *self.names)).encode())
        for column in (self.customer, self.item, self.day, self.quantity, self.price, self.basket):
            total.update(np.ascontiguousarray(column).tobytes())
        return total.hexdigest()


def interactions_build(lines: Iterable[Line]) -> Interactions:
    """Number customers, articles and baskets in the order in which they appear; an article keeps its first name."""
    customers: dict[str, int] = {}
    items: dict[str, int] = {}
    baskets: dict[str, int] = {}
    names: list[str] = []
    rows: list[tuple[float, ...]] = []
    for line in lines:
        item = items.setdefault(line.sku, len(items))
        if item == len(names):
            names.append(line.name)
        customer = customers.setdefault(line.customer, len(customers))
        basket = baskets.setdefault(line.basket, len(baskets))
        rows.append((customer, item, line.day, line.quantity, line.price, basket))
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    table = table[np.argsort(table[:, 2], kind="stable")]
    return Interactions(
        customer=table[:, 0].astype(np.int32),
        item=table[:, 1].astype(np.int32),
        day=table[:, 2].astype(np.int32),
        quantity=table[:, 3].astype(np.float32),
        price=table[:, 4].astype(np.float32),
        basket=table[:, 5].astype(np.int32),
        skus=tuple(items),
        names=tuple(names),
        customers=len(customers),
    )


def shop_lines(store: FeatureStore) -> Iterator[Line]:
    """Sales of the shop to customers with an account; what was cancelled is none."""
    for row in store.read(SALES):
        sale = dict(zip(SALES.columns, row, strict=True))
        if sale["customer"] is None or sale["cancelled"] or sale["price_minor"] <= 0:
            continue
        yield Line(
            customer=str(sale["customer"]),
            sku=sale["sku"],
            name=sale["name"],
            day=sale["at"].astimezone(UTC).toordinal(),
            quantity=float(sale["quantity"]),
            price=sale["price_minor"] / 100,
            basket=str(sale["order_id"]),
        )


def online_retail_lines(path: Path) -> Iterator[Line]:
    """Lines of a file in the format of UCI Online Retail II: sales of goods to known customers, no cancellations."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            sku = row["StockCode"].strip().upper()
            quantity, price = float(row["Quantity"]), float(row["Price"])
            if (
                not row["Customer ID"] or row["Invoice"].startswith("C")
                or quantity <= 0 or price <= 0 or not _ARTICLE.match(sku)
            ):  # fmt: skip
                continue
            yield Line(
                customer=row["Customer ID"],
                sku=sku,
                name=row["Description"].strip(),
                day=date.fromisoformat(row["InvoiceDate"][:10]).toordinal(),
                quantity=quantity,
                price=price,
                basket=row["Invoice"],
            )

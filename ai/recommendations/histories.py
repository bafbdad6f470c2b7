"""What is known of a batch of customers when they ask. The same class for training data and for one request."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommendations.interactions import Array, Interactions

#: Days after which a purchase counts half.
HALF_LIFE = 90.0
#: Days that count as recent.
RECENT = 60


@dataclass(frozen=True)
class Histories:
    """Bought lines of ``count`` customers, seen from the moment of asking (``days_ago`` ≥ 0)."""

    row: Array
    item: Array
    days_ago: Array
    quantity: Array
    price: Array
    basket: Array
    count: int
    items: int

    @classmethod
    def of_customers(cls, history: Interactions, customers: Array, *, today: int) -> "Histories":
        """Histories of these customers, in this order."""
        number = np.full(history.customers, -1)
        number[customers] = np.arange(len(customers))
        mine = history.where(number[history.customer] >= 0)
        return cls(
            row=number[mine.customer],
            item=mine.item,
            days_ago=(today - mine.day).astype(np.float32),
            quantity=mine.quantity,
            price=mine.price,
            basket=mine.basket,
            count=len(customers),
            items=len(history.skus),
        )

    def _matrix(self, values: Array, mask: Array | None = None) -> sp.csr_matrix:
        row, item = (self.row, self.item) if mask is None else (self.row[mask], self.item[mask])
        shape = (self.count, self.items)
        matrix = sp.csr_matrix((values.astype(np.float32), (row, item)), shape=shape)
        matrix.sum_duplicates()
        return matrix

    def counts(self) -> sp.csr_matrix:
        """How many lines of each article."""
        return self._matrix(np.ones(len(self.row)))

    def bought(self) -> sp.csr_matrix:
        """One for each article bought."""
        matrix = self.counts()
        matrix.data[:] = 1
        return matrix

    def recent(self) -> sp.csr_matrix:
        """One for each article bought within :data:`RECENT` days."""
        mask = self.days_ago < RECENT
        matrix = self._matrix(np.ones(int(mask.sum())), mask)
        matrix.data[:] = 1
        return matrix

    def decayed(self) -> sp.csr_matrix:
        """Purchases that fade by :data:`HALF_LIFE`, at most one for each article."""
        matrix = self._matrix(0.5 ** (self.days_ago / HALF_LIFE))
        matrix.data = np.minimum(matrix.data, 1)
        return matrix

    def last_days(self) -> Array:
        """Customers by articles: days since the last purchase, 999 without one (dense)."""
        days = np.full((self.count, self.items), 999, np.float32)
        np.minimum.at(days, (self.row, self.item), self.days_ago)
        return days

    def mean(self, values: Array) -> Array:
        """Mean of a column by customer; 0 without lines."""
        lines = np.maximum(np.bincount(self.row, minlength=self.count), 1)
        return np.bincount(self.row, values, self.count) / lines

    def span(self) -> tuple[Array, Array]:
        """Days since the last and since the first purchase; 999 without one."""
        last = np.full(self.count, 999, np.float32)
        first = np.zeros(self.count, np.float32)
        np.minimum.at(last, self.row, self.days_ago)
        np.maximum.at(first, self.row, self.days_ago)
        return last, np.where(last < 999, np.minimum(first, 999), 999)

    def baskets(self) -> Array:
        """Number of orders by customer."""
        pairs = np.unique(np.stack([self.row, self.basket]), axis=1)
        return np.bincount(pairs[0], minlength=self.count)

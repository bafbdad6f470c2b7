"""Item-to-item models in closed form or by counting. Each is a matrix: a customer's score is a sum over their articles.

All are float32 and bounded: EASE^R is dense over the ``max_items`` most bought articles, the others keep a fixed number
of neighbours per article.
"""

import re
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommendations.interactions import Array, Interactions

_WORD = re.compile(r"[a-z]{3,}")


def purchase_matrix(history: Interactions) -> sp.csr_matrix:
    """Customers by articles, one where something was bought."""
    shape = (history.customers, len(history.skus))
    matrix = sp.csr_matrix((np.ones(len(history), np.float32), (history.customer, history.item)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def ease_fit(purchases: sp.csr_matrix, *, regularisation: float, max_items: int) -> Array:
    """EASE^R (Steck, WWW 2019): the item-item weights with zero diagonal that best rebuild ``purchases``.

    One inverse of the Gram matrix, so memory is ``3 × 4 × n²`` bytes for n = ``max_items`` at most; rarer articles get
    zero weights and are left to the other candidates.
    """
    items = purchases.shape[1]
    bought = np.asarray(purchases.sum(0)).ravel()
    kept = np.sort(np.argsort(-bought, kind="stable")[: min(max_items, int((bought > 0).sum()))])
    part = purchases[:, kept]
    gram = (part.T @ part).toarray().astype(np.float32)
    gram[np.diag_indices(len(kept))] += regularisation
    inverse = np.linalg.inv(gram)
    inverse /= -np.diag(inverse)[None, :].copy()
    np.fill_diagonal(inverse, 0)
    if len(kept) == items:
        return inverse
    weights = np.zeros((items, items), np.float32)
    weights[np.ix_(kept, kept)] = inverse
    return weights


def bm25_weighted(purchases: sp.csr_matrix, *, k1: float, b: float) -> sp.csr_matrix:
    """Purchases weighted as words in documents: rare articles count more, those of big customers less."""
    customers = purchases.shape[0]
    owners = np.asarray((purchases > 0).sum(0)).ravel()
    idf = np.log(customers / (1 + owners)).astype(np.float32)
    length = np.asarray(purchases.sum(1)).ravel()
    norm = 1 - b + b * length / max(length[length > 0].mean(), 1e-9)
    weighted = purchases.astype(np.float32)
    rows = np.repeat(np.arange(customers), np.diff(weighted.indptr))
    weighted.data = (
        weighted.data * (k1 + 1) / (k1 * norm[rows] + weighted.data) * idf[weighted.indices]
    ).astype(np.float32)
    return weighted


def knn_fit(purchases: sp.csr_matrix, *, neighbours: int, k1: float, b: float) -> sp.csr_matrix:
    """Item-kNN on BM25 weights: for each article its ``neighbours`` nearest."""
    weighted = bm25_weighted(purchases, k1=k1, b=b)
    similar = (weighted.T @ weighted).toarray().astype(np.float32)
    np.fill_diagonal(similar, 0)
    return strongest(similar, neighbours)


def together_fit(history: Interactions, *, neighbours: int, shrink: float = 10) -> sp.csr_matrix:
    """How often two articles share a basket: cosine, shrunk so that one common basket proves little."""
    baskets = sp.csr_matrix(
        (np.ones(len(history), np.float32), (history.basket, history.item)),
        shape=(int(history.basket.max(initial=0)) + 1, len(history.skus)),
    )
    baskets.sum_duplicates()
    baskets.data[:] = 1
    common = (baskets.T @ baskets).toarray().astype(np.float32)
    alone = np.diag(common).copy()
    np.fill_diagonal(common, 0)
    common /= np.sqrt(np.outer(alone, alone)) + shrink
    return strongest(common, neighbours)


def strongest(matrix: Array, count: int) -> sp.csr_matrix:
    """Keep at most the ``count`` largest positive entries of each row."""
    rows, width = matrix.shape
    count = min(count, width)
    columns = np.argpartition(-matrix, count - 1, axis=1)[:, :count]
    values = np.maximum(np.take_along_axis(matrix, columns, 1), 0).astype(np.float32)
    kept = sp.csr_matrix((values.ravel(), columns.ravel(), np.arange(rows + 1) * count), shape=(rows, width))
    kept.eliminate_zeros()
    kept.sort_indices()
    return kept


class TextModel:
    """TF-IDF of article names, for what nobody bought yet. Rows have length one, or zero without a known word."""

    def __init__(self, words: list[str], idf: Array) -> None:
        self.words, self.idf = words, idf.astype(np.float32)
        self._column = {word: column for column, word in enumerate(words)}

    @classmethod
    def fit(cls, names: list[str]) -> "TextModel":
        """Learn the words that at least two of ``names`` share."""
        counts: dict[str, int] = {}
        for name in names:
            for word in set(_WORD.findall(name.lower())):
                counts[word] = counts.get(word, 0) + 1
        words = sorted(word for word, count in counts.items() if count >= 2)
        return cls(words, np.log(len(names) / np.array([counts[word] for word in words] or [1])))

    def vectors(self, names: list[str]) -> sp.csr_matrix:
        """One row for each name."""
        rows: list[int] = []
        columns: list[int] = []
        for row, name in enumerate(names):
            known: set[Any] = {self._column.get(word) for word in _WORD.findall(name.lower())} - {None}
            rows += [row] * len(known)
            columns += sorted(known)
        shape = (len(names), len(self.words))
        matrix = sp.csr_matrix((self.idf[columns], (rows, columns)), shape=shape, dtype=np.float32)
        length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(1)).ravel())
        return (sp.diags(1 / np.where(length > 0, length, 1)) @ matrix).tocsr().astype(np.float32)

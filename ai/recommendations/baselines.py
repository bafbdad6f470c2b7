"""What a careful merchant would use; each model is judged beside them in the same run."""

from collections.abc import Callable

import numpy as np

from recommendations.candidates import bm25_weighted, knn_fit, purchase_matrix
from recommendations.histories import Histories
from recommendations.interactions import Array, Interactions
from recommendations.ranker import Task

#: Scores all articles for a batch of customers.
Scorer = Callable[[Array], Array]
POPULARITY_DAYS = (7, 14, 28, 56)
#: (neighbours, k1, b, weighted query) that the item-kNN is tuned over.
KNN_GRID = tuple(
    (neighbours, k1, b, weighted)
    for neighbours in (10, 20, 50, 100)
    for k1, b in ((1.2, 0.75), (10, 0.8), (100, 0.8))
    for weighted in (False, True)
)


def popularity(history: Interactions, *, today: int, days: int) -> Scorer:
    """Buyers of the last ``days`` days, the same for everybody."""
    recent = history.between(today - days, today)
    buyers = np.asarray(purchase_matrix(recent).sum(0)).ravel()
    return lambda customers: np.tile(buyers, (len(customers), 1))


def item_knn(
    history: Interactions, *, today: int, neighbours: int, k1: float, b: float, weighted: bool
) -> Scorer:
    """Sum of BM25-weighted likenesses to the customer's articles."""
    purchases = purchase_matrix(history.until(today))
    similar = knn_fit(purchases, neighbours=neighbours, k1=k1, b=b)
    query = bm25_weighted(purchases, k1=k1, b=b) if weighted else purchases
    return lambda customers: (query[customers] @ similar).toarray()


def own_counts(history: Interactions, *, today: int) -> Scorer:
    """How often the customer bought each article: what "buy again" lists show. Ties by recent popularity."""
    past = history.until(today)
    popular = popularity(past, today=today, days=14)

    def score(customers: Array) -> Array:
        counts = Histories.of_customers(past, customers, today=today).counts().toarray()
        return counts + 1e-6 * popular(customers)

    return score


def rank(scorer: Scorer, history: Interactions, *, today: int, task: Task, count: int = 20) -> Array:
    """The best ``count`` of all articles for each customer of the task, without those that it excludes."""
    seen = purchase_matrix(history.until(today))
    known = np.asarray(seen.sum(0)).ravel() > 0
    tops = []
    for start in range(0, len(task.customers), 400):
        customers = task.customers[start : start + 400]
        scores = np.where(known[None, :], scorer(customers).astype(np.float64), -np.inf)
        if not task.repeats:
            scores[seen[customers].nonzero()] = -np.inf
        tops.append(np.argsort(-scores, 1, kind="stable")[:, :count])
    return np.concatenate(tops)

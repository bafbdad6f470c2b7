"""Candidates and their features, from histories and one fitted catalogue. The same code trains and serves."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommendations.candidates import (
    TextModel,
    ease_fit,
    knn_fit,
    purchase_matrix,
    together_fit,
)
from recommendations.facts import item_facts
from recommendations.histories import Histories
from recommendations.interactions import Array, Interactions

#: Candidates for each customer.
POOL = 200
#: Weights of the scores that choose the pool, each scaled to its own top 20; round numbers, not tuned.
_POOL_WEIGHTS = {"ease": 1.0, "ease_recent": 0.5, "knn": 0.5, "popular": 1.0, "together": 0.3}
_TOP = 20


@dataclass(frozen=True)
class Parameters:
    """What is chosen by hand, on an earlier split than the one it is judged on."""

    ease_regularisation: float = 500
    max_items: int = 8000
    neighbours: int = 20
    basket_neighbours: int = 100
    k1: float = 100
    b: float = 0.8
    trees: int = 200
    leaves: int = 31
    learning_rate: float = 0.05


@dataclass(frozen=True)
class Catalogue:
    """Everything learned about articles until one day. Rows and columns are item numbers."""

    skus: tuple[str, ...]
    names: tuple[str, ...]
    ease: Array
    knn: sp.csr_matrix
    together: sp.csr_matrix
    text: TextModel
    vectors: sp.csr_matrix
    facts: dict[str, Array]

    @property
    def known(self) -> Array:
        """Articles that were sold at all."""
        return self.facts["buyers"] > 0


def catalogue_fit(history: Interactions, *, today: int, parameters: Parameters) -> Catalogue:
    """Fit all that is about articles, from sales up to ``today``; later rows must not be in ``history``."""
    purchases = purchase_matrix(history)
    sold = np.asarray(purchases.sum(0)).ravel() > 0
    names = [name if known else "" for name, known in zip(history.names, sold, strict=True)]
    text = TextModel.fit([name for name in names if name])
    vectors = text.vectors(names)
    similar = (vectors @ vectors.T).tocsr()
    similar.setdiag(0)
    similar.eliminate_zeros()
    return Catalogue(
        skus=history.skus,
        names=history.names,
        ease=ease_fit(
            purchases, regularisation=parameters.ease_regularisation, max_items=parameters.max_items
        ),
        knn=knn_fit(purchases, neighbours=parameters.neighbours, k1=parameters.k1, b=parameters.b),
        together=together_fit(history, neighbours=parameters.basket_neighbours),
        text=text,
        vectors=vectors,
        facts=item_facts(history, today=today, similar=similar),
    )


@dataclass(frozen=True)
class Pool:
    """Candidates of a batch: item numbers and features, both by customer and place in the pool."""

    items: Array
    features: Array
    names: tuple[str, ...]
    blend: Array

    def column(self, name: str) -> Array:
        """One feature of all candidates."""
        return self.features[..., self.names.index(name)]


def pool_build(
    catalogue: Catalogue, histories: Histories, *, excluded: sp.csr_matrix | None, size: int = POOL
) -> Pool:
    """The ``size`` most promising articles of each customer with their features.

    ``excluded`` (customers by articles) are left out; without it a customer's own articles are candidates, first of
    all.
    """
    scores = _scores(catalogue, histories)
    counts = histories.counts()
    blend = sum(weight * _scaled(scores[name]) for name, weight in _POOL_WEIGHTS.items() if name in scores)
    popular = catalogue.facts["buyers14"]
    blend = blend + _POOL_WEIGHTS["popular"] * (_scaled(popular[None, :]))
    blend = np.where(catalogue.known[None, :], blend, -np.inf)
    if excluded is not None:
        blend[excluded.nonzero()] = -np.inf
    else:
        own = counts.toarray()
        blend = blend + np.where(own > 0, 10 + own, 0)
    size = min(size, blend.shape[1])
    items = np.argpartition(-blend, size - 1, axis=1)[:, :size]
    items = np.take_along_axis(items, np.argsort(-np.take_along_axis(blend, items, 1), 1, kind="stable"), 1)
    features = {name: np.take_along_axis(score, items, 1) for name, score in scores.items()}
    features["ease_scaled"] = np.take_along_axis(_scaled(scores["ease"]), items, 1)
    features["knn_scaled"] = np.take_along_axis(_scaled(scores["knn"]), items, 1)
    for name in ("ease", "ease_recent", "knn", "together_recent"):
        features[f"{name}_rank"] = _ranks(features[name])
    chosen_blend = np.take_along_axis(blend, items, 1)
    features["blend"] = np.where(np.isfinite(chosen_blend), chosen_blend, -1)
    features["own_lines"] = np.take_along_axis(counts.toarray(), items, 1)
    features["own_last"] = np.take_along_axis(histories.last_days(), items, 1)
    features |= {name: values[items] for name, values in catalogue.facts.items()}
    customer = _customer_features(catalogue, histories)
    features |= {name: np.repeat(values[:, None], size, 1) for name, values in customer.items()}
    features["price_gap"] = features["price"] - features["own_price"]
    features["pieces_gap"] = features["pieces"] - features["own_pieces"]
    features["size_gap"] = features["buyer_size"] - np.log1p(features["articles"])
    stacked = np.stack(list(features.values()), -1).astype(np.float32)
    return Pool(items=items, features=stacked, names=tuple(features), blend=chosen_blend)


def _scores(catalogue: Catalogue, histories: Histories) -> dict[str, Array]:
    """Dense scores of all articles for each customer."""
    bought, recent = histories.bought(), histories.recent()
    share, share_recent = _rows_to_one(bought), _rows_to_one(recent)
    return {
        "ease": bought @ catalogue.ease,
        "ease_recent": histories.decayed() @ catalogue.ease,
        "knn": (bought @ catalogue.knn).toarray(),
        "together_recent": (share_recent @ catalogue.together).toarray(),
        "together": (share @ catalogue.together).toarray(),
        "text": ((share @ catalogue.vectors) @ catalogue.vectors.T).toarray(),
        "text_recent": ((share_recent @ catalogue.vectors) @ catalogue.vectors.T).toarray(),
    }


def _customer_features(catalogue: Catalogue, histories: Histories) -> dict[str, Array]:
    bought = histories.bought()
    articles = np.asarray(bought.sum(1)).ravel()
    share = 1 / np.maximum(articles, 1)
    last, first = histories.span()
    facts = catalogue.facts
    return {
        "articles": articles,
        "days_since_last": last,
        "days_since_first": first,
        "orders": histories.baskets(),
        "own_price": histories.mean(np.log(histories.price + 0.05)),
        "own_pieces": histories.mean(np.log1p(histories.quantity)),
        "own_new": np.asarray(bought @ (facts["first"] < 60).astype(np.float32)).ravel() * share,
        "own_popular": np.asarray(bought @ np.log1p(facts["buyers"])).ravel() * share,
    }


def _scaled(scores: Array) -> Array:
    top = min(_TOP, scores.shape[1])
    peak = np.partition(scores, -top, axis=1)[:, -top:].mean(1, keepdims=True)
    return scores / (np.abs(peak) + 1e-6)


def _ranks(scores: Array) -> Array:
    return np.argsort(np.argsort(-scores, 1, kind="stable"), 1, kind="stable")


def _rows_to_one(matrix: sp.csr_matrix) -> sp.csr_matrix:
    total = np.asarray(matrix.sum(1)).ravel()
    return (sp.diags((1 / np.where(total > 0, total, 1)).astype(np.float32)) @ matrix).tocsr()

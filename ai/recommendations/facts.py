"""What is known of each article on a given day, from sales up to that day only."""

import numpy as np
import scipy.sparse as sp

from recommendations.candidates import purchase_matrix
from recommendations.interactions import Array, Interactions

#: Days over which buyers of an article are counted.
WINDOWS = (3, 7, 14, 28, 56, 112)


def item_facts(history: Interactions, *, today: int, similar: sp.csr_matrix) -> dict[str, Array]:
    """Popularity over several windows, trends between them, age, price, pieces a line, and the trend of namesakes.

    ``similar`` are the likenesses of the names; through them an article without sales of its own has a trend.
    """
    items = len(history.skus)
    lines = np.bincount(history.item, minlength=items)
    first, last = np.full(items, 999.0), np.full(items, 999.0)
    age = today - history.day.astype(np.float64)
    np.minimum.at(last, history.item, age)
    oldest = np.zeros(items)
    np.maximum.at(oldest, history.item, age)
    first = np.where(lines > 0, np.minimum(oldest, 999), 999)
    facts = {"first": first, "last": last}
    for days in WINDOWS:
        recent = history.where(history.day > today - days)
        facts[f"buyers{days}"] = np.asarray(purchase_matrix(recent).sum(0)).ravel()
        if days in (7, 28):
            facts[f"pieces{days}"] = np.log1p(np.bincount(recent.item, recent.quantity, items))
    purchases = purchase_matrix(history)
    size = np.log1p(np.asarray(purchases.sum(1)).ravel())
    buyers = np.asarray(purchases.sum(0)).ravel()
    facts["buyers"] = buyers
    facts["trend7"] = (facts["buyers7"] + 1) / (facts["buyers28"] / 4 + 1)
    facts["trend14"] = (facts["buyers14"] + 1) / (facts["buyers56"] / 4 + 1)
    facts["trend28"] = (facts["buyers28"] + 1) / (facts["buyers112"] / 4 + 1)
    facts["pace"] = buyers / np.maximum(first, 7)
    facts["price"] = np.log(np.bincount(history.item, history.price, items) / np.maximum(lines, 1) + 0.05)
    facts["pieces"] = np.log1p(np.bincount(history.item, history.quantity, items) / np.maximum(lines, 1))
    facts["repeats"] = lines / np.maximum(buyers, 1)
    facts["buyer_size"] = np.asarray(purchases.T @ size).ravel() / np.maximum(buyers, 1)
    weight = np.asarray(similar.sum(1)).ravel() + 1e-6
    facts["alike_buyers14"] = np.asarray(similar @ np.log1p(facts["buyers14"])).ravel() / weight
    facts["alike_trend14"] = np.asarray(similar @ np.log(facts["trend14"])).ravel() / weight
    return {name: values.astype(np.float32) for name, values in facts.items()}

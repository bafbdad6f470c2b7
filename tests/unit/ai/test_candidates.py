import numpy as np
import pytest

from recommendations.candidates import TextModel, ease_fit, knn_fit, purchase_matrix, strongest, together_fit
from tests.support.shop_history import shop_history


@pytest.fixture(scope="module")
def history():
    return shop_history()


def test_ease_solves_its_constrained_least_squares(history):
    purchases = purchase_matrix(history)
    weights = ease_fit(purchases, regularisation=20, max_items=1000).astype(np.float64)
    dense = purchases.toarray().astype(np.float64)
    for item in (0, 7, 50):  # each column: ridge regression of an article on all the others
        others = np.delete(np.arange(dense.shape[1]), item)
        part = dense[:, others]
        right = np.linalg.solve(part.T @ part + 20 * np.eye(len(others)), part.T @ dense[:, item])
        assert weights[item, item] == 0
        np.testing.assert_allclose(weights[others, item], right, atol=1e-4)


def test_ease_is_bounded_by_the_most_bought(history):
    purchases = purchase_matrix(history)
    weights = ease_fit(purchases, regularisation=20, max_items=30)
    used = np.flatnonzero(np.abs(weights).sum(0))
    bought = np.asarray(purchases.sum(0)).ravel()
    assert weights.dtype == np.float32
    assert len(used) == 30
    assert bought[used].min() >= np.delete(bought, used).max()


def test_neighbours_are_the_strongest(history):
    assert np.diff(knn_fit(purchase_matrix(history), neighbours=5, k1=1.2, b=0.75).indptr).max() <= 5
    kept = strongest(np.array([[1.0, 3.0, 2.0], [0.0, 0.0, 1.0]]), 2).toarray()
    assert kept.tolist() == [[0, 3, 2], [0, 0, 1]]


def test_things_of_one_taste_are_bought_together(history):
    together = together_fit(history, neighbours=10)
    taste = np.array([int(sku) // 100 for sku in history.skus])
    popular = np.argsort(-np.bincount(history.item))[:10]
    best = np.asarray(together[popular].argmax(1)).ravel()
    assert (taste[best] == taste[popular]).mean() >= 0.8


def test_names_that_share_rare_words_are_near():
    names = ["RED HEART", "RED STAR", "BLUE STAR", "RED ROSE", ""]
    text = TextModel.fit(names)
    vectors = text.vectors(names)
    near = (vectors @ vectors.T).toarray()
    assert near[1, 2] > near[1, 0] > 0
    assert near[4].sum() == 0
    np.testing.assert_allclose(np.diag(near)[:4], 1, rtol=1e-5)

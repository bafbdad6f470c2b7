import numpy as np
import scipy.sparse as sp

from recommendations.rules import Exposure, varied

VECTORS = sp.csr_matrix(np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32))


def test_variety_prefers_something_else_to_more_of_the_same():
    scores = np.array([1.0, 0.99, 0.9])
    assert varied(scores, VECTORS, count=3, relevance=1) == [0, 1, 2]
    assert varied(scores, VECTORS, count=2, relevance=0.3) == [0, 2]


def test_what_may_not_be_shown_is_not_chosen():
    scores = np.array([-np.inf, 1.0, -np.inf])
    assert varied(scores, VECTORS, count=3, relevance=0.9) == [1]
    assert varied(np.full(3, -np.inf), VECTORS, count=3, relevance=0.9) == []


def test_an_article_that_had_its_share_goes_last():
    exposure = Exposure(cap=0.5, window=100, least=10)
    for _ in range(9):
        exposure.record([1, 2])
    assert not exposure.worn(np.array([1, 2, 3])).any()  # too few answers to judge
    exposure.record([1])
    assert exposure.worn(np.array([1, 2, 3])).tolist() == [True, True, False]
    for _ in range(100):
        exposure.record([3])
    assert exposure.worn(np.array([1, 2, 3])).tolist() == [False, False, True]  # old answers are forgotten

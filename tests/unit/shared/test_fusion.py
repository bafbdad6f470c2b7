"""Two rankings become one."""

from meshop_shared.fusion import Weights, fused

WEIGHTS = Weights(lexical=0.2, depth=5, least=0.35, extra=2)


def test_agreement_wins_and_words_lead_where_meaning_is_silent():
    assert fused([1, 2, 3], {}, weights=WEIGHTS, complete=True) == [1, 2, 3]
    assert fused([1, 2, 3], {3: 0.9, 2: 0.5, 1: 0.4}, weights=WEIGHTS, complete=True) == [3, 2, 1]


def test_products_without_the_words_come_only_when_nothing_has_them_all():
    near = {7: 0.8, 8: 0.5, 9: 0.36, 6: 0.34}
    assert fused([1], near, weights=WEIGHTS, complete=True) == [1]
    assert fused([1], near, weights=WEIGHTS, complete=False) == [7, 1, 8]
    assert fused([], {6: 0.34}, weights=WEIGHTS, complete=False) == []


def test_an_unknown_product_counts_as_far_as_the_farthest():
    assert fused([5, 1], {1: 0.6, 2: 0.3}, weights=WEIGHTS, complete=True) == [1, 5]

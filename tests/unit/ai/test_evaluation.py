import numpy as np
import pytest

from recommendations.evaluation import bootstrap, judge


def test_recall_divides_by_what_a_list_can_hold():
    tops = np.array([np.arange(20), np.arange(20)])
    judged = judge(tops, [np.array([0, 99]), np.arange(40)])
    assert judged.recall.tolist() == [0.5, 1]
    assert judged.ndcg[1] == pytest.approx(1)
    assert judged.shown == 20


def test_ndcg_wants_hits_early():
    early = judge(np.array([np.arange(20)]), [np.array([0])])
    late = judge(np.array([np.arange(20)]), [np.array([19])])
    assert early.ndcg[0] == 1
    assert late.ndcg[0] == pytest.approx(1 / np.log2(21))


def test_intervals_hold_the_value_and_are_the_same_each_time():
    chance = np.random.default_rng(0)
    ours, theirs = chance.random(400) * 0.3, chance.random(400) * 0.2
    ratio = bootstrap(ours, against=theirs)
    assert ratio.low < ratio.value < ratio.high
    assert ratio == bootstrap(ours, against=theirs)
    assert ratio.value == pytest.approx(ours.mean() / theirs.mean())

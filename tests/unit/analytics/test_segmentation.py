"""Segments: named by what their customers are like, the same for the same customers."""

import numpy as np
import pytest

from apps.analytics.segmentation import PROFILES, customers_segment, kmeans, quintiles, standardised


def shop(size=600, seed=1):
    """Six sorts of customers, a hundred of each: days since, number of, and money of purchases."""
    chance = np.random.default_rng(seed)
    sorts = np.array(
        [
            [3, 30, 900_000],
            [25, 12, 200_000],
            [6, 2, 30_000],
            [120, 10, 150_000],
            [60, 2, 25_000],
            [300, 1, 8_000],
        ]
    )
    kinds = np.repeat(np.arange(6), size // 6)
    noise = chance.lognormal(0, 0.15, (size, 3))
    return kinds, np.maximum(1, sorts[kinds] * noise).astype(np.int64)


def segment(values, **options):
    return customers_segment(recency=values[:, 0], frequency=values[:, 1], monetary=values[:, 2], **options)


def test_sorts_of_customers_get_the_names_that_they_deserve():
    kinds, values = shop()
    names = np.array(segment(values).names)
    for kind, name in enumerate(("champions", "loyal", "promising", "at_risk", "hibernating", "lost")):
        found, counts = np.unique(names[kinds == kind], return_counts=True)
        assert found[counts.argmax()] == name
        assert counts.max() >= 90


@pytest.mark.parametrize("seed", range(4))
def test_the_same_again(seed):
    _, values = shop(seed=seed)
    first, second = segment(values, seed=seed), segment(values, seed=seed)
    assert first.names == second.names
    assert (first.scores == second.scores).all()


def test_a_handful_of_customers_goes_by_their_own_scores():
    found = segment(
        np.array([[1, 40, 10_000_000], [400, 1, 100], [30, 5, 5_000], [90, 2, 900], [200, 1, 500]])
    )
    assert found.names[0] == "champions"
    assert found.names[1] == "lost"
    assert found.scores.min() >= 1
    assert found.scores.max() == 5


@pytest.mark.parametrize("size", [0, 1])
def test_hardly_anybody(size):
    found = segment(np.ones((size, 3), dtype=np.int64))
    assert len(found.names) == size
    assert set(found.names) <= set(PROFILES)


def test_equal_customers_are_in_one_segment():
    assert len(set(segment(np.tile(np.array([[5, 2, 100]]), (200, 1))).names)) == 1


def test_money_below_zero_is_no_error():
    values = shop()[1]
    values[:50, 2] = -500
    assert len(segment(values).names) == len(values)


def test_quintiles():
    assert quintiles(np.arange(10)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert len(set(quintiles(np.array([7, 7, 7])).tolist())) == 1


def test_groups_are_the_clusters_and_none_is_empty():
    chance = np.random.default_rng(0)
    points = np.concatenate([chance.normal(centre, 0.05, (40, 2)) for centre in (0, 3, 6, 9)])
    groups = kmeans(points, clusters=4, seed=0)
    assert [len(set(groups[start : start + 40].tolist())) for start in (0, 40, 80, 120)] == [1, 1, 1, 1]
    assert len(set(groups.tolist())) == 4


def test_standardised_columns():
    made = standardised(np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]]))
    assert made[:, 0].mean() == pytest.approx(0)
    assert made[:, 1].tolist() == [0, 0, 0]

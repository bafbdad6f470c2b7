"""The baselines are those of the protocol: on a year of a real shop they reach what others measured."""

from datetime import date

import pytest

from recommendations.baselines import item_knn, own_counts, popularity, rank
from recommendations.candidates import ease_fit, purchase_matrix
from recommendations.evaluation import judge
from recommendations.interactions import interactions_build, online_retail_lines
from recommendations.ranker import task_build
from tools.paths import ROOT

DATA = ROOT.parent / "shared" / "data" / "online_retail_II_2009_2010.csv.gz"
TODAY = date(2010, 9, 30).toordinal()


@pytest.fixture(scope="module")
def history():
    if not DATA.is_file():
        pytest.skip(f"judged on {DATA.name}, which is not shipped: put it into ../shared/data")
    return interactions_build(online_retail_lines(DATA))


def test_baselines_reach_their_known_figures(history):
    last = int(history.day.max())
    new = task_build(history, today=TODAY, until=last, repeats=False)
    again = task_build(history, today=TODAY, until=last, repeats=True)

    def means(scorer, task=new):
        return judge(rank(scorer, history, today=TODAY, task=task), task.truth).means()

    knn = means(item_knn(history, today=TODAY, neighbours=10, k1=1.2, b=0.75, weighted=False))
    assert knn == pytest.approx((0.110, 0.102), abs=0.005)
    assert means(popularity(history, today=TODAY, days=14))[0] == pytest.approx(0.098, abs=0.002)
    assert means(own_counts(history, today=TODAY), again)[0] == pytest.approx(0.341, abs=0.004)
    purchases = purchase_matrix(history.until(TODAY))
    weights = ease_fit(purchases, regularisation=500, max_items=8000)
    assert means(lambda rows: purchases[rows] @ weights)[0] >= 1.07 * knn[0]

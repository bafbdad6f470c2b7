"""The protocol of the judgement: stand on one day, rank all articles, see what was bought later.

Baselines are tuned and our parameters were chosen on an earlier split (the last 70 days before that day); the time of
the judgement is only looked at once, at the end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from recommendations import baselines
from recommendations.candidates import purchase_matrix
from recommendations.evaluation import COUNT, Judged, bootstrap, judge
from recommendations.forest import best_of
from recommendations.histories import Histories
from recommendations.interactions import Array, Interactions
from recommendations.model import EXPOSURE_CAP, Recommender
from recommendations.ranker import Task, task_build, teaching_days
from recommendations.rules import Exposure

_BATCH = 400
#: Articles first sold within so many days before the judgement are new.
_NEW_DAYS = 28


@dataclass
class Report:
    """Figures by method, and which articles could have been shown."""

    new: dict[str, Judged] = field(default_factory=dict)
    again: dict[str, Judged] = field(default_factory=dict)
    knn: str = ""
    popularity: str = ""
    articles: int = 0
    slices: dict[str, tuple[int, dict[str, tuple[float, float]]]] = field(default_factory=dict)

    def gains(self, figure: Callable[[Judged], Array]) -> dict[str, str]:
        """Ratios of the served list to the baselines, with intervals."""
        ours = figure(self.new["served"])
        return {
            name: str(bootstrap(ours, against=figure(self.new[name]))) for name in (self.knn, self.popularity)
        }


def report_build(history: Interactions, *, model: Recommender, today: int, until: int) -> Report:
    """Judge ``model`` (fitted on sales up to ``today``) and the baselines on ``today`` to ``until``."""
    new = task_build(history, today=today, until=until, repeats=False)
    again = task_build(history, today=today, until=until, repeats=True)
    report = Report(articles=int(model.catalogue.known.sum()))
    tops: dict[str, Array] = {}
    for days in baselines.POPULARITY_DAYS:
        scorer = baselines.popularity(history, today=today, days=days)
        tops[f"popularity {days} days"] = baselines.rank(scorer, history, today=today, task=new)
    knn = knn_tune(history, today=today)
    neighbours, k1, b, weighted = knn
    report.knn = f"item-kNN {neighbours} (k1 {k1:g}, b {b:g}{', weighted query' if weighted else ''})"
    scorer = baselines.item_knn(history, today=today, neighbours=neighbours, k1=k1, b=b, weighted=weighted)
    tops[report.knn] = baselines.rank(scorer, history, today=today, task=new)
    tops["EASE alone"] = baselines.rank(
        lambda rows: purchase_matrix(history.until(today))[rows] @ model.catalogue.ease,
        history, today=today, task=new,
    )  # fmt: skip
    tops["reranked"], tops["served"] = lists_of(model, history, today=today, task=new)
    report.new = {name: judge(top, new.truth) for name, top in tops.items()}
    report.popularity = max(
        (name for name in report.new if name.startswith("popularity")),
        key=lambda name: report.new[name].means()[0],
    )
    own = baselines.rank(baselines.own_counts(history, today=today), history, today=today, task=again)
    report.again["own purchase counts"] = judge(own, again.truth)
    report.again["reranked"] = judge(lists_of(model, history, today=today, task=again)[0], again.truth)
    _slice(report, tops, new, history.until(today), model)
    return report


def knn_tune(history: Interactions, *, today: int) -> tuple[int, float, float, bool]:
    """The best item-kNN of the grid on the last teaching days before ``today``."""
    before, end = teaching_days(int(history.day.min()), today)[0]
    past = history.until(end)
    task = task_build(past, today=before, until=end, repeats=False)
    figures = {}
    for neighbours, k1, b, weighted in baselines.KNN_GRID:
        scorer = baselines.item_knn(past, today=before, neighbours=neighbours, k1=k1, b=b, weighted=weighted)
        top = baselines.rank(scorer, past, today=before, task=task)
        figures[neighbours, k1, b, weighted] = sum(judge(top, task.truth).means())
    return max(figures, key=lambda setting: figures[setting])


def lists_of(model: Recommender, history: Interactions, *, today: int, task: Task) -> tuple[Array, Array]:
    """The best 20 for each customer: as the ranker orders them, and as they are served."""
    past = history.until(today)
    exposure = Exposure(cap=EXPOSURE_CAP)
    best, served = [], []
    for start in range(0, len(task.customers), _BATCH):
        histories = Histories.of_customers(past, task.customers[start : start + _BATCH], today=today)
        pool, scores = model.ranked(histories, excluded=None if task.repeats else histories.bought())
        best.append(best_of(scores, pool.items, COUNT))
        if not task.repeats:
            served += [
                pool.items[row][model.chosen(pool, scores, row, count=COUNT, exposure=exposure)]
                for row in range(histories.count)
            ]
    return np.concatenate(best), np.array(served)


def _slice(
    report: Report, tops: dict[str, Array], task: Task, past: Interactions, model: Recommender
) -> None:
    articles = np.asarray(purchase_matrix(past).sum(1)).ravel()[task.customers]
    methods = (report.knn, report.popularity, "served")
    bands = (("5–19 articles", 5, 20), ("20–59 articles", 20, 60), ("60 and more", 60, 10**9))
    for name, least, below in bands:
        mask = (articles >= least) & (articles < below)
        if mask.any():
            report.slices[f"customers with {name}"] = (
                int(mask.sum()),
                {method: report.new[method].means(mask) for method in methods},
            )
    fresh = model.catalogue.facts["first"] <= _NEW_DAYS
    for name, wanted in (("warm", ~fresh), ("cold", fresh)):
        truth = [answer[wanted[answer]] for answer in task.truth]
        rows = np.flatnonzero([len(answer) > 0 for answer in truth])
        if len(rows):
            some = [truth[row] for row in rows]
            report.slices[f"{name} articles"] = (
                len(rows), {method: judge(tops[method][rows], some).means() for method in methods},
            )  # fmt: skip

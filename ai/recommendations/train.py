"""``python -m recommendations.train``: learn from order lines, judge on later ones, publish what beats baselines."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from meshop_shared.ai.features import FeatureStore
from meshop_shared.ai.training import DataSettings, Requirement, Trained, train_main
from meshop_shared.settings import load_settings
from recommendations.benchmark import Report, report_build
from recommendations.fitting import recommender_fit
from recommendations.interactions import Interactions, interactions_build, online_retail_lines, shop_lines
from recommendations.model import Recommender
from recommendations.ranker import task_build

#: Days at the end that a model is judged on when nobody says otherwise.
_HELD_OUT_DAYS = 70
#: Fewer cannot tell a good model from a bad one.
_MIN_CUSTOMERS = 50


class RecommendationsJob:
    """Train the recommender on the shop's sales, or on a file of UCI Online Retail II."""

    name = "recommendations"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Where the lines are, and the day that parts learning from judging."""
        parser.add_argument(
            "--data",
            type=Path,
            help="file of Online Retail II, CSV or CSV.gz; default: the sales of the shop",
        )
        parser.add_argument(
            "--until", type=date.fromisoformat, help="last day to learn from when judging; default: 70 days"
            " before the last"
        )  # fmt: skip

    def train(self, options: argparse.Namespace) -> Trained:
        """Judge on the days after the split; what is published is learned anew from all days."""
        history = history_read(options.data)
        last = int(history.day.max(initial=0))
        first = int(history.day.min(initial=last)) if len(history) else last
        held_out = min(_HELD_OUT_DAYS, (last - first) // 4)
        today = options.until.toordinal() if options.until else last - held_out
        customers = len(task_build(history, today=today, until=last, repeats=False).customers)
        if customers < _MIN_CUSTOMERS:
            raise SystemExit(
                f"recommendations: only {customers} customers can be judged on, {_MIN_CUSTOMERS} are needed"
            )
        _, report = judged_model(history, today=today, seed=options.seed)
        return Trained(
            artefact=lambda: recommender_fit(history, today=last, seed=options.seed).dumps(),
            data_digest=history.digest(),
            split=f"judged on purchases after {date.fromordinal(today)}, then learned anew from all to "
            f"{date.fromordinal(last)}",
            metrics=figures(report, "served") | {"again": report.again["reranked"].means()[0]},
            baselines={
                name: figures(report, name) for name in (report.knn, report.popularity)
            } | {"own purchase counts": {"again": report.again["own purchase counts"].means()[0]}},
            requirements=(
                Requirement("recall", report.knn, 1.2), Requirement("ndcg", report.knn, 1.2),
                Requirement("recall", report.popularity, 1.2), Requirement("ndcg", report.popularity, 1.2),
                Requirement("again", "own purchase counts", 1.0), Requirement("coverage", None, 0.15),
            ),
            notes=notes(report),
        )  # fmt: skip


def history_read(file: Path | None) -> Interactions:
    """What was bought according to a file, or to the feature tables."""
    if file:
        return interactions_build(online_retail_lines(file))
    settings = load_settings(DataSettings)
    return interactions_build(shop_lines(FeatureStore(settings.ai_database_url.get_secret_value())))


def judged_model(history: Interactions, *, today: int, seed: int) -> tuple[Recommender, Report]:
    """Learn to ``today`` and judge on everything after it."""
    model = recommender_fit(history, today=today, seed=seed)
    return model, report_build(history, model=model, today=today, until=int(history.day.max()))


def figures(report: Report, method: str) -> dict[str, float]:
    """Recall@20, NDCG@20 and coverage of one method."""
    judged = report.new[method]
    recall, ndcg = judged.means()
    return {"recall": recall, "ndcg": ndcg, "coverage": judged.shown / report.articles}


def notes(report: Report) -> str:
    """What the figures mean, for the card."""
    customers = len(report.new["served"].recall)
    return (
        f"Recall@20 and NDCG@20 of new articles, {customers} customers with at least five articles before and one new "
        "after, all articles ranked; `again` is Recall@20 when repeat purchases count. Learned from who bought what "
        "and when; customers are not in the artefact. It knows nothing of stock: callers exclude what cannot be sold."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; exit status 3 when the model was refused."""
    return train_main(RecommendationsJob(), arguments)


if __name__ == "__main__":
    sys.exit(main())

"""``python -m demand_forecasting.train``: learn from order lines, judge at rolling origins, publish what beats SES."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from demand_forecasting.backtest import BASELINES, CUTOFFS, Report, Rolling, cutoffs_of, report_build
from demand_forecasting.demand import Demand, demand_build, online_retail_sales, shop_sales, shop_stock
from demand_forecasting.fitting import HORIZON
from demand_forecasting.publishing import forecaster_fit
from demand_forecasting.stockouts import Stockouts
from meshop_shared.ai.features import FeatureStore
from meshop_shared.ai.training import DataSettings, Requirement, Trained, train_main
from meshop_shared.settings import load_settings

#: Articles that are judged: those that sold best before the first cut-off.
ARTICLES = 1_000
#: Fewer cannot tell a good model from a bad one.
_MIN_ARTICLES = 30
#: Of what is published. Too low on the whole is the price of being right most of the time; this much is too much.
_MOST_BIAS, _LEAST_COVERAGE = 0.15, 0.72


class DemandForecastingJob:
    """Forecast the weeks after the shop's sales, or after a file of UCI Online Retail II."""

    name = "demand_forecasting"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Where the lines are, and how many cut-offs judge."""
        parser.add_argument(
            "--data",
            type=Path,
            help="file of Online Retail II, CSV or CSV.gz; default: the sales of the shop",
        )
        parser.add_argument(
            "--until", type=date.fromisoformat, help="last day to learn from; default: yesterday, or that of the last"
            " sale in a file"
        )  # fmt: skip
        parser.add_argument("--cutoffs", type=int, default=CUTOFFS, help=f"to judge at ({CUTOFFS})")

    def train(self, options: argparse.Namespace) -> Trained:
        """Judge at the last cut-offs; what is published looks ahead from the last day."""
        demand = demand_read(options.data, until=options.until)
        cutoffs = cutoffs_of(demand, count=options.cutoffs)
        if not cutoffs:
            raise SystemExit(
                f"demand_forecasting: {demand.weeks} weeks are too few to learn from and to judge"
            )
        articles = demand.best(ARTICLES, before=cutoffs[0])
        if len(articles) < _MIN_ARTICLES:
            raise SystemExit(
                f"demand_forecasting: only {len(articles)} articles can be judged on, {_MIN_ARTICLES} are needed"
            )
        rolling = Rolling(demand, seed=options.seed)
        report = report_build(demand, articles=articles, cutoffs=cutoffs, rolling=rolling)
        route = report.routing_helps()
        return Trained(
            artefact=lambda: forecaster_fit(demand, rolling=rolling, route=route).dumps(),
            data_digest=demand.digest(),
            split=f"{len(cutoffs)} rolling cut-offs after {', '.join(map(str, cutoffs))} of {demand.weeks} weeks, "
            f"{HORIZON} weeks ahead; then learned from all to {date.fromordinal(demand.last_day)}",
            metrics=figures(report, "routed" if route else "ensemble")
            | {"coverage": float(np.mean(report.coverage)), "least coverage": min(report.coverage)},
            baselines={name: figures(report, name) for name in BASELINES},
            requirements=(
                *(
                    Requirement(error, baseline, 1.0, at_most=True)
                    for error in ("mase", "wrmsse")
                    for baseline in ("ses", "imapa")
                ),
                Requirement("absolute bias", None, _MOST_BIAS, at_most=True),
                Requirement("least coverage", None, _LEAST_COVERAGE),
            ),
            notes=notes(report, articles=len(articles), route=route),
        )


def demand_read(file: Path | None, *, until: date | None) -> Demand:
    """What was sold according to a file, or to the feature tables; today is not over and teaches nothing."""
    if file:
        return demand_build(online_retail_sales(file), last_day=until.toordinal() if until else None)
    settings = load_settings(DataSettings)
    store = FeatureStore(settings.ai_database_url.get_secret_value())
    store.prepare()
    until = until or datetime.now(UTC).date() - timedelta(days=1)
    sales = [sale for sale in shop_sales(store) if sale.day <= until.toordinal()]
    return demand_build(sales, stockouts=Stockouts(shop_stock(store)))


def figures(report: Report, method: str) -> dict[str, float]:
    """MASE, WRMSSE and bias of one method."""
    found = report.judged[method].figures()
    return {**found, "absolute bias": abs(found["bias"])}


def notes(report: Report, *, articles: int, route: bool) -> str:
    """What the figures mean, for the card."""
    return (
        f"Weekly units of the {articles} articles that sold best before the first cut-off. Bias is all that was "
        "forecast beside all that was sold. A band holds 80 % of the weeks; coverage is the part that it held, on "
        f"the whole and at the worst cut-off. Challengers would have taken over {report.routed:.0%} of the articles "
        f"and {'do: it helped' if route else 'do not: it did not help'}. Orders that were cancelled are no sales."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; exit status 3 when the model was refused."""
    return train_main(DemandForecastingJob(), arguments)


if __name__ == "__main__":
    sys.exit(main())

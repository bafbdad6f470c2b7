"""``make bench-forecasting``: forecasts beside simple methods at rolling origins, on a year of Online Retail II.

Weekly units of the 1,000 articles that sold best before the first cut-off, four weeks ahead. Intervals are of 95 %,
over articles and cut-offs. ``BENCH_DATA`` names the file when it is not in ``../shared/data``, ``BENCH_CUTOFFS`` the
weeks.
"""

import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

from demand_forecasting.backtest import Report, Rolling, report_build
from demand_forecasting.demand import Demand, demand_build, online_retail_sales
from demand_forecasting.metrics import intervals
from demand_forecasting.publishing import forecaster_fit
from tools.paths import ROOT

DATA = Path(
    os.environ.get("BENCH_DATA", ROOT.parent / "shared" / "data" / "online_retail_II_2009_2010.csv.gz")
)
CUTOFFS = tuple(int(week) for week in os.environ.get("BENCH_CUTOFFS", "29,33,37,41,45,49").split(","))
ARTICLES = 1_000
TITLES = {
    "naive": "last week",
    "ses": "SES(0.2)",
    "imapa": "IMAPA",
    "even": "ensemble, sizes alike",
    "routed": "ensemble, challengers",
    "ensemble": "ensemble",
}


def main() -> int:
    """Print the tables."""
    if not DATA.is_file():
        print(f"the real data is not here: {DATA}", file=sys.stderr)
        return 2
    demand = demand_build(online_retail_sales(DATA))
    articles = demand.best(ARTICLES, before=CUTOFFS[0])
    rolling = Rolling(demand, seed=1)
    report = report_build(demand, articles=articles, cutoffs=CUTOFFS, rolling=rolling)
    table(report)
    for count in (ARTICLES, 10_000):
        speed(demand, articles, count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"data {demand.digest()[:16]}, {peak:.0f} MB")
    return 0


def table(report: Report) -> None:
    """Errors by method, gains over SES and IMAPA, and what the bands held."""
    print(
        f"{ARTICLES} articles, {len(report.cutoffs)} cut-offs\n{'':24}{'MASE':>22}{'WRMSSE':>22}{'bias':>24}"
    )
    for name, title in TITLES.items():
        found = intervals(report.judged[name])
        print(f"{title:24}{found['mase']!s:>22}{found['wrmsse']!s:>22}{found['bias']!s:>24}")
    for name in ("ses", "imapa", "naive", "even"):
        found = intervals(report.judged["ensemble"], against=report.judged[name])
        print(f"{f'ensemble to {TITLES[name]}':34}{found['mase']!s:>22}{found['wrmsse']!s:>22}")
    print(f"\n{'after week':12}{'MASE':>8}{'WRMSSE':>8}{'bias':>8}{'in the 80 % band':>18}")
    rows = zip(report.cutoffs, report.judged["ensemble"].by_cutoff(), report.coverage, strict=True)
    for week, one, inside in rows:
        print(f"{week:<12}{one['mase']:8.3f}{one['wrmsse']:8.3f}{one['bias']:8.3f}{inside:18.3f}")
    print(f"{'all':36}{np.mean(report.coverage):18.3f}")
    verdict = "helps" if report.routing_helps() else "does not help, so it is off"
    print(f"challengers would take {report.routed:.0%} of the articles; that {verdict}\n")


def speed(demand: Demand, articles: np.ndarray, count: int) -> None:
    """Learn from so many series, earlier origins for the bands included, and forecast them; copies fill them up."""
    series = demand.of(np.resize(articles, count))
    began = time.monotonic()
    forecaster = forecaster_fit(series, rolling=Rolling(series, seed=1), route=False)
    seconds = time.monotonic() - began
    print(
        f"{count:6} series: {seconds:.1f} s to train and forecast, artefact {len(forecaster.dumps()) / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())

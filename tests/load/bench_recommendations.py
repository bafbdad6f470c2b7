"""``make bench-recommendations``: the recommender beside a tuned item-kNN and the best sellers, on Online Retail II.

Everything is learned from what was bought to 2010-09-30 and judged on what customers with at least five articles bought
after, new to them, out of all articles. ``BENCH_DATA`` names the file when it is not in ``../shared/data``.
"""

import os
import resource
import sys
import time
from datetime import date
from pathlib import Path

from recommendations.benchmark import Report
from recommendations.evaluation import Judged, bootstrap
from recommendations.interactions import interactions_build, online_retail_lines
from recommendations.train import judged_model
from tools.paths import ROOT

DATA = Path(
    os.environ.get("BENCH_DATA", ROOT.parent / "shared" / "data" / "online_retail_II_2009_2010.csv.gz")
)
UNTIL = date.fromisoformat(os.environ.get("BENCH_UNTIL", "2010-09-30"))


def main() -> int:
    """Print the tables."""
    if not DATA.is_file():
        print(f"the real data is not here: {DATA}", file=sys.stderr)
        return 2
    began = time.monotonic()
    history = interactions_build(online_retail_lines(DATA))
    model, report = judged_model(history, today=UNTIL.toordinal(), seed=1)
    table(report)
    size = len(model.dumps()) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(
        f"\ndata {history.digest()[:16]}, artefact {size:.0f} MB, {time.monotonic() - began:.0f} s, {peak:.0f} MB"
    )
    return 0


def table(report: Report) -> None:
    """All methods, the gains, and the slices."""
    customers = len(report.new["served"].recall)
    print(f"new articles, {customers} customers, {report.articles} articles, 95 % intervals over customers")
    print(f"{'':44}{'Recall@20':>24}{'NDCG@20':>24}{'coverage':>10}")
    for name, judged in report.new.items():
        row(name, judged, f"{judged.shown / report.articles:10.3f}")
    for name, figure in (("Recall@20", lambda j: j.recall), ("NDCG@20", lambda j: j.ndcg)):
        for baseline, gain in report.gains(figure).items():
            print(f"{f'{name}, served to {baseline}':68}{gain:>24}")
    print(f"\nrepeat purchases allowed, {len(report.again['reranked'].recall)} customers")
    for name, judged in report.again.items():
        row(name, judged)
    print(f"\n{'Recall@20 / NDCG@20 by slice':32}{'':>6}", end="")
    print("".join(f"{name.split(' (')[0]:>22}" for name in next(iter(report.slices.values()))[1]))
    for name, (count, methods) in report.slices.items():
        cells = "".join(f"{f'{recall:.3f} / {ndcg:.3f}':>22}" for recall, ndcg in methods.values())
        print(f"{name:32}{count:>6}{cells}")


def row(name: str, judged: Judged, end: str = "") -> None:
    """One method with its intervals."""
    print(f"{name:44}{bootstrap(judged.recall)!s:>24}{bootstrap(judged.ndcg)!s:>24}{end}")


if __name__ == "__main__":
    sys.exit(main())

"""``make bench-fraud``: fraud scores beside rules and logistic regression, week by week. All orders are SYNTHETIC."""

import asyncio
import os
import time
from argparse import Namespace

import numpy as np
from redis.asyncio import Redis

from fraud_detection.costs import Costs, choose
from fraud_detection.evaluation import HANDBOOK, LOGISTIC, MODEL, RULES, Fold, mean, model_fit, prequential
from fraud_detection.features import NAMES, features_of, row_of
from fraud_detection.model import FraudModel
from fraud_detection.reasons import reasons_of
from fraud_detection.train import orders_of
from fraud_detection.velocity import Velocity

SEEDS = (1, 2)
_TIMED = 1_000


def main() -> None:
    """Print the tables."""
    model = rows = None
    for label, plain, seeds in (
        ("a shop's world", False, SEEDS),
        ("the Handbook's world, unchanged", True, SEEDS[:1]),
    ):
        report: dict[str, list[Fold]] = {}
        for seed in seeds:
            table, data = orders_of(Namespace(data=None, customers=1_200, days=140, plain=plain, seed=seed))
            rows = features_of(table)
            for name, folds in prequential(table, rows, seed=1, data=data).items():
                report.setdefault(name, []).extend(folds)
            if model is None:
                model = model_fit(table, rows, seed=1, data=data)
        print(
            f"\nSYNTHETIC data, {label}: {len(seeds)} seed(s), 4 weeks each, {table.fraud.mean():.2%} fraud"
        )
        table_print(report)
    assert model is not None
    assert rows is not None
    times_print(model, rows)


def table_print(report: dict[str, list[Fold]]) -> None:
    """Figures and ratios by method."""
    print("| | AUPRC | worst week | recall at 1 % reviewed | calibration error | our AUPRC is |")
    print("|---|---|---|---|---|---|")
    for name in (MODEL, LOGISTIC, HANDBOOK, RULES):
        folds = report[name]
        error = "–" if name == RULES else f"{mean(folds, 'calibration_error'):.4f}"
        ratio = mean(report[MODEL], "auprc") / mean(folds, "auprc")
        worst = min(fold.auprc for fold in folds)
        print(
            f"| {name} | {mean(folds, 'auprc'):.3f} | {worst:.3f} | {mean(folds, 'recall'):.3f} | {error} "
            f"| × {ratio:.2f} |"
        )


def times_print(model: FraudModel, rows: np.ndarray) -> None:
    """Milliseconds of one score, in process and with its counting in Redis."""
    costs, alone, whole = Costs(), [], []
    for row in rows[-_TIMED:]:
        begun = time.perf_counter()
        score(model, row, costs)
        alone.append(time.perf_counter() - begun)

    async def counted() -> None:
        async with Redis.from_url(os.environ["REDIS_URL"]) as redis:
            velocity = Velocity(redis)
            for number, row in enumerate(rows[-_TIMED:]):
                names = {
                    "user": f"u{number % 50}",
                    "card": f"c{number % 60}",
                    "ip": f"i{number % 20}",
                    "address": "a",
                }
                begun = time.perf_counter()
                past = await velocity.see(
                    order=f"bench{number}", at=1.8e9 + number, amount=row[0], entities=names
                )
                score(model, row_of(at=1.8e9 + number, amount=row[0], past=past), costs)
                whole.append(time.perf_counter() - begun)

    asyncio.run(counted())
    print("\n| one score, ms | median | p95 | p99 |\n|---|---|---|---|")
    for name, spans in (("in process", alone), ("with velocity in Redis", whole)):
        middle, high, higher = np.quantile(spans, [0.5, 0.95, 0.99]) * 1_000
        print(f"| {name} ({len(NAMES)} features) | {middle:.2f} | {high:.2f} | {higher:.2f} |")


def score(model: FraudModel, row: np.ndarray, costs: Costs) -> None:
    """All that an answer takes."""
    scored = model.score(row)
    choose(probability=scored.probability, amount=float(row[0]), costs=costs, calibrated=True)
    reasons_of(row, scored.contributions)


if __name__ == "__main__":
    main()

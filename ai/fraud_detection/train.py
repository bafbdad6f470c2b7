"""``python -m fraud_detection.train``: learn from orders whose truth is known, judge week by week, publish.

Without data of its own a shop learns from a simulation, and every card, answer and table says so: ``synthetic``.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from fraud_detection.evaluation import (
    HANDBOOK,
    LOGISTIC,
    MODEL,
    RULES,
    Fold,
    TooFewFrauds,
    mean,
    model_fit,
    prequential,
)
from fraud_detection.features import features_of
from fraud_detection.orders import orders_read
from fraud_detection.simulator import World, simulate
from fraud_detection.table import Transactions
from meshop_shared.ai.training import Requirement, Trained, train_main

SYNTHETIC = "synthetic"


class FraudJob:
    """Train the model that scores orders."""

    name = "fraud_detection"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Where orders with their truth are, or how large a simulation is."""
        parser.add_argument(
            "--data", type=Path, help="CSV (.gz) in the Handbook's format instead of a simulation"
        )
        parser.add_argument("--customers", type=int, default=World.customers, help="of the simulation")
        parser.add_argument("--days", type=int, default=World.days, help="of the simulation")
        parser.add_argument(
            "--plain", action="store_true", help="the Handbook's world, without what a shop adds"
        )

    def train(self, options: argparse.Namespace) -> Trained:
        """Judge on the last four weeks; what is published is learned anew from all that is known at the end."""
        table, data = orders_of(options)
        rows = features_of(table)
        try:
            report = prequential(table, rows, seed=options.seed, data=data)
        except TooFewFrauds as error:
            raise SystemExit(f"fraud_detection: {error}") from error
        return Trained(
            artefact=lambda: model_fit(table, rows, seed=options.seed, data=data).dumps(),
            data_digest=table.digest(),
            split="the last four weeks, each judged by a model of what was known at its start (labels a week late); "
            "then learned anew from all that is known at the end",
            metrics=figures(report[MODEL]),
            baselines={name: figures(report[name]) for name in (HANDBOOK, LOGISTIC, RULES)},
            requirements=(
                Requirement("auprc", HANDBOOK, 1.3), Requirement("auprc", LOGISTIC, 1.05),
                Requirement("auprc", RULES, 1.5), Requirement("calibration", None, 0.98),
            ),
            notes=f"Data: {data}. {len(table)} orders, {table.fraud.mean():.2%} fraud. `recall` is the part of frauds "
            "among the 1 % of orders that score highest, `calibration` is 1 minus the expected calibration error (the "
            "points of rules are no probabilities). A score says how alike an order is to earlier frauds; a person "
            "decides.",
        )  # fmt: skip


def orders_of(options: argparse.Namespace) -> tuple[Transactions, str]:
    """Orders with their truth, and where they are from."""
    if options.data:
        return orders_read(options.data), "shop"
    world = World(customers=options.customers, days=options.days, plain=options.plain)
    return simulate(world, seed=options.seed), SYNTHETIC


def figures(folds: list[Fold]) -> dict[str, float]:
    """Means over the weeks."""
    return {
        "auprc": mean(folds, "auprc"), "recall": mean(folds, "recall"),
        "calibration": 1 - mean(folds, "calibration_error"),
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; exit status 3 when the model was refused."""
    return train_main(FraudJob(), arguments)


if __name__ == "__main__":
    sys.exit(main())

"""The prequential protocol of the Handbook (chapter 5): stand at the start of a week, know what is known, judge it.

Truth comes late: who stands on a day has the labels of orders placed a week before at the latest. Learning, calibrating
and judging follow each other in time and share no order.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score

from fraud_detection.fitting import Sample, fraud_fit, handbook_logistic_fit, handbook_rows, logistic_fit
from fraud_detection.model import FraudModel
from fraud_detection.rules import points_of
from fraud_detection.table import DAY_S, Transactions

MODEL, HANDBOOK, LOGISTIC, RULES = (
    "model", "logistic regression (Handbook)", "logistic regression (our features)", "rules",
)  # fmt: skip
FOLDS, WEEK, CALIBRATE_DAYS, BURN_IN_DAYS = 4, 7, 14, 30
#: Part of orders that analysts can look at.
REVIEWED = 0.01
_MIN_FRAUDS = 20


@dataclass(frozen=True)
class Fold:
    """One week judged by one method."""

    auprc: float
    recall: float
    calibration_error: float


class TooFewFrauds(Exception):
    """There is not enough to learn from or to judge on."""


def prequential(table: Transactions, rows: np.ndarray, *, seed: int, data: str) -> dict[str, list[Fold]]:
    """The last weeks, one after the other. Raises :class:`TooFewFrauds`."""
    end = float(table.at[-1]) + 1
    report: dict[str, list[Fold]] = {}
    for fold in range(FOLDS):
        start = end - (FOLDS - fold) * WEEK * DAY_S
        week = (table.at >= start) & (table.at < start + WEEK * DAY_S)
        teach, calibrate = samples_at(table, rows, start)
        if table.fraud[week].sum() < 1:
            raise TooFewFrauds(f"no fraud in a week that begins {start:.0f}")
        everything = Sample(
            np.concatenate([teach.rows, calibrate.rows]), np.concatenate([teach.fraud, calibrate.fraud])
        )
        ours, linear = fraud_fit(teach, calibrate, seed=seed, data=data), logistic_fit(everything)
        handbook, judged = handbook_logistic_fit(everything), rows[week]
        scores = {
            MODEL: ours.probabilities(judged),
            HANDBOOK: handbook.predict_proba(handbook_rows(judged))[:, 1],
            LOGISTIC: linear.predict_proba(judged)[:, 1],
            RULES: points_of(judged),
        }
        for name, found in scores.items():
            report.setdefault(name, []).append(judge(found, table.fraud[week]))
    return report


def samples_at(table: Transactions, rows: np.ndarray, moment: float) -> tuple[Sample, Sample]:
    """What one may learn from at a moment: orders whose truth is known by then, the latest of them to calibrate."""
    known = (table.at + table.delay <= moment) & (table.at >= table.at[0] + BURN_IN_DAYS * DAY_S)
    latest = float(table.at[known].max(initial=0))
    recent = known & (table.at > latest - CALIBRATE_DAYS * DAY_S)
    teach = known & ~recent
    for part in (teach, recent):
        if table.fraud[part].sum() < _MIN_FRAUDS:
            raise TooFewFrauds(f"{int(table.fraud[part].sum())} frauds are known, {_MIN_FRAUDS} are needed")
    return Sample(rows[teach], table.fraud[teach]), Sample(rows[recent], table.fraud[recent])


def model_fit(table: Transactions, rows: np.ndarray, *, seed: int, data: str) -> FraudModel:
    """The model of today: learned from all that is known at the end of the table."""
    teach, calibrate = samples_at(table, rows, float(table.at[-1]) + 1)
    return fraud_fit(teach, calibrate, seed=seed, data=data)


def judge(scores: np.ndarray, fraud: np.ndarray) -> Fold:
    """Figures of one week. Points of rules are no probabilities; their calibration error says nothing."""
    reviewed = np.argsort(-scores, kind="stable")[: max(int(REVIEWED * len(scores)), 1)]
    return Fold(
        auprc=float(average_precision_score(fraud, scores)),
        recall=float(fraud[reviewed].sum() / max(fraud.sum(), 1)),
        calibration_error=calibration_error(np.clip(scores, 0, 1), fraud),
    )


def calibration_error(probability: np.ndarray, fraud: np.ndarray, *, bins: int = 10) -> float:
    """Expected calibration error: mean distance of promised and seen rates over bins of equal width."""
    places = np.minimum((probability * bins).astype(np.int64), bins - 1)
    total = 0.0
    for place in range(bins):
        inside = places == place
        if inside.any():
            total += inside.mean() * abs(float(probability[inside].mean()) - float(fraud[inside].mean()))
    return total


def mean(folds: list[Fold], figure: str) -> float:
    """The mean of one figure over the weeks."""
    return float(np.mean([getattr(fold, figure) for fold in folds]))

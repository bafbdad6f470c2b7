"""Making a fraud model; apart from :mod:`fraud_detection.model`, which serving needs."""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from fraud_detection.drift import bins_of
from fraud_detection.features import NAMES
from fraud_detection.model import WATCHED, FraudModel

_TREES = 300
#: Features of the Handbook's own models: amount, time, the customer's pace and sums, the terminal's pace and risk.
_HANDBOOK = tuple(
    place
    for place, name in enumerate(NAMES)
    if name in ("amount", "night", "weekend")
    or name.startswith(("user_orders", "user_sum", "ip_orders", "ip_risk"))
)


@dataclass(frozen=True)
class Sample:
    """Features and truth of the orders that a model may learn from, in the order of time."""

    rows: np.ndarray
    fraud: np.ndarray


def fraud_fit(teach: Sample, calibrate: Sample, *, seed: int, data: str) -> FraudModel:
    """Learn from ``teach``, then scale to probabilities on the later orders of ``calibrate`` (Platt 1999)."""
    table = lgb.Dataset(teach.rows, teach.fraud.astype(np.float64), feature_name=list(NAMES))
    booster = lgb.train(_settings(seed), table, _TREES)
    raw = np.asarray(booster.predict(calibrate.rows, raw_score=True, num_threads=1))
    platt = LogisticRegression(C=1e6).fit(raw[:, None], calibrate.fraud)
    made = FraudModel(
        trees=booster.model_to_string(), slope=float(platt.coef_[0, 0]), offset=float(platt.intercept_[0]),
        data=data, reference={},
    )  # fmt: skip
    watched = {name: calibrate.rows[:, NAMES.index(name)] for name in WATCHED}
    watched["score"] = made.probabilities(calibrate.rows)
    made.reference = {name: bins_of(values) for name, values in watched.items()}
    return made


def logistic_fit(teach: Sample) -> Pipeline:
    """Logistic regression on all our features."""
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)).fit(teach.rows, teach.fraud)


def handbook_logistic_fit(teach: Sample) -> Pipeline:
    """Logistic regression as the Handbook has it: the same kind of model on its features."""
    return logistic_fit(Sample(handbook_rows(teach.rows), teach.fraud))


def handbook_rows(rows: np.ndarray) -> np.ndarray:
    """Only the features of the Handbook."""
    return rows[:, _HANDBOOK]


def _settings(seed: int) -> dict[str, object]:
    return {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": 15,
        "min_data_in_leaf": 50,
        "feature_fraction": 0.4,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5,
        "max_bin": 127,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }

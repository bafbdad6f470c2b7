"""The fraud model that is trained, stored and served. No framework, no clock: same input, same output."""

import json
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np

from fraud_detection.features import NAMES

#: What is watched for drift beside the score.
WATCHED = (
    "amount",
    "user_amount_ratio",
    "user_orders_24h",
    "ip_orders_24h",
    "card_orders_24h",
    "address_orders_24h",
)


@dataclass(frozen=True)
class Scored:
    """A calibrated probability, and each feature's part of it in log-odds."""

    probability: float
    contributions: np.ndarray


class FraudModel:
    """Boosted trees whose log-odds are made probabilities by Platt scaling (``slope``, ``offset``)."""

    def __init__(
        self, *, trees: str, slope: float, offset: float, data: str,
        reference: dict[str, tuple[list[float], list[float]]],
    ) -> None:  # fmt: skip
        self._text, self._booster = trees, lgb.Booster(model_str=trees)
        if self._booster.num_feature() != len(NAMES):
            raise ValueError("the model has other features than this release")
        self.slope, self.offset, self.data, self.reference = slope, offset, data, reference

    def probabilities(self, rows: np.ndarray) -> np.ndarray:
        """Calibrated probabilities of many orders; shape (orders, features)."""
        raw = self._booster.predict(rows, raw_score=True, num_threads=1)
        return _sigmoid(self.slope * np.asarray(raw) + self.offset)

    def score(self, row: np.ndarray) -> Scored:
        """One order, with reasons; shape (features,)."""
        parts = np.asarray(self._booster.predict(row[None, :], pred_contrib=True, num_threads=1))[0]
        probability = float(_sigmoid(self.slope * parts.sum() + self.offset))
        return Scored(probability, self.slope * parts[:-1])

    def dumps(self) -> bytes:
        """The artefact: text that runs nothing when it is read."""
        made = {
            "features": NAMES, "trees": self._text, "slope": self.slope, "offset": self.offset, "data": self.data,
            "reference": self.reference,
        }  # fmt: skip
        return json.dumps(made, sort_keys=True).encode()

    @classmethod
    def loads(cls, content: bytes) -> "FraudModel":
        """Read an artefact. Raises ``ValueError`` when it is none, or is of a release with other features."""
        made = json.loads(content)
        if made["features"] != list(NAMES):
            raise ValueError("the model has other features than this release")
        reference = {name: (edges, shares) for name, (edges, shares) in made["reference"].items()}
        return cls(
            trees=made["trees"],
            slope=made["slope"],
            offset=made["offset"],
            data=made["data"],
            reference=reference,
        )


def _sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.asarray(values, dtype=np.float64)))

"""Off-policy evaluation: what another way to price would have earned, from what was logged. One step, no carry-over.

A log says for each decision which prices could have been chosen, how likely each was (the propensities of Thompson
sampling), which was, and what it earned. Inverse propensity (Horvitz & Thompson 1952), self-normalised (Swaminathan &
Joachims 2015) and doubly robust estimates (Dudik and others 2011), each with a 95 % interval over decisions.
"""

from dataclasses import dataclass

import numpy as np

#: Weights are cut here: a little bias for much less variance.
CUT = 20.0


@dataclass(frozen=True)
class Decision:
    """One logged choice; ``target`` are the shares of the policy in question, ``expected`` a model's rewards."""

    chosen: int
    reward: float
    logged: np.ndarray
    target: np.ndarray
    expected: np.ndarray


@dataclass(frozen=True)
class Estimate:
    """A mean reward and the half-width of its interval."""

    value: float
    half: float

    def covers(self, truth: float) -> bool:
        """Whether the truth is within."""
        return abs(self.value - truth) <= self.half


def estimates(decisions: list[Decision]) -> dict[str, Estimate]:
    """Three estimates of what the target policy earns per decision."""
    weight = np.array(
        [min(d.target[d.chosen] / max(d.logged[d.chosen], 1e-9), CUT) for d in decisions], dtype=np.float64
    )
    reward = np.array([d.reward for d in decisions], dtype=np.float64)
    direct = np.array([float(d.target @ d.expected) for d in decisions])
    residual = np.array([d.reward - float(d.expected[d.chosen]) for d in decisions])
    total = max(float(weight.sum()), 1e-9)
    normal = float((weight * reward).sum()) / total
    spread = float(np.sqrt(((weight * (reward - normal)) ** 2).sum())) / total
    return {
        "inverse propensity": _mean(weight * reward),
        "self-normalised": Estimate(normal, 1.96 * spread),
        "doubly robust": _mean(direct + weight * residual),
    }


def _mean(values: np.ndarray) -> Estimate:
    return Estimate(float(values.mean()), 1.96 * float(values.std(ddof=1)) / float(np.sqrt(len(values))))

"""Figures that a model is judged by."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A figure, or its ratio to another method's, with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

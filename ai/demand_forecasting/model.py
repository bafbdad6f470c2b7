"""The forecasts that are trained, stored and served. No framework, no clock: same input and seed, same output.

What is stored are the forecasts themselves and how wrong such forecasts were: serving looks them up.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from demand_forecasting.demand import Array
from demand_forecasting.intervals import Errors

#: Weeks that can be asked for. The forecast is a level; beyond four weeks only the errors grow.
MOST_WEEKS = 8
#: Service levels for which needs are known: how surely the stock lasts.
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)


@dataclass(frozen=True)
class Series:
    """What is forecast of some keys (articles or categories) and why; all columns are by row."""

    keys: Array
    units: Array
    spread: Array
    #: Units a week in the last 4 and 13 weeks, lines and days without stock in the last 4, the largest part of a line.
    recent: Array
    quarter: Array
    lines: Array
    missing: Array
    weeks: Array
    champion: Array
    challenger: Array
    champion_error: Array
    challenger_error: Array
    errors: Errors
    needs: Errors
    rows: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", {str(key): row for row, key in enumerate(self.keys)})

    def ahead(self, rows: Array, *, weeks: int, band: tuple[float, float]) -> Array:
        """Units that are expected, at least and at most: rows by weeks by three."""
        units, spread = self.units[rows], self.spread[rows]
        table = np.empty((len(rows), weeks, 3))
        for week in range(weeks):
            low, high = (self.errors.at(units, spread, ahead=week, level=level) for level in band)
            table[:, week] = np.column_stack([units, np.minimum(low, units), np.maximum(high, units)])
        return table

    def need(self, rows: Array, *, weeks: int) -> Array:
        """Units that suffice for 1, 2, … ``weeks`` weeks together: rows by weeks by :data:`LEVELS`."""
        units, spread = self.units[rows], self.spread[rows]
        table = np.empty((len(rows), weeks, len(LEVELS)))
        for week in range(weeks):
            for at, level in enumerate(LEVELS):
                table[:, week, at] = self.needs.at(units, spread, ahead=week, level=level) * (week + 1)
        return np.maximum.accumulate(table, axis=1)


@dataclass(frozen=True)
class Forecaster:
    """Forecasts of articles and categories, made at the end of ``last_day`` (proleptic ordinal)."""

    last_day: int
    band: tuple[float, float]
    articles: Series
    categories: Series

    def dumps(self) -> bytes:
        """The artefact: arrays only, nothing that runs when it is read. The same model gives the same bytes."""
        arrays: dict[str, Any] = {"last_day": np.array(self.last_day), "band": np.array(self.band)}
        for kind in ("articles", "categories"):
            series = getattr(self, kind)
            arrays |= {f"{kind}_{name}": getattr(series, name) for name in _COLUMNS}
            for table in ("errors", "needs"):
                errors = getattr(series, table)
                arrays |= {f"{kind}_{table}_{part}": getattr(errors, part) for part in _PARTS}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    @classmethod
    def loads(cls, content: bytes) -> "Forecaster":
        """Read :meth:`dumps`. Raises ``ValueError`` or ``KeyError`` for anything else."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            made = {}
            for kind in ("articles", "categories"):
                errors, needs = (
                    Errors(*(arrays[f"{kind}_{table}_{part}"] for part in _PARTS))
                    for table in ("errors", "needs")
                )
                columns = {name: arrays[f"{kind}_{name}"] for name in _COLUMNS}
                made[kind] = Series(errors=errors, needs=needs, **columns)
            low, high = (float(value) for value in arrays["band"])
            return cls(last_day=int(arrays["last_day"]), band=(low, high), **made)


_PARTS = tuple(part.name for part in fields(Errors))
_COLUMNS: Sequence[str] = tuple(
    column.name for column in fields(Series) if column.name not in ("errors", "needs", "rows")
)

"""Rolling origins: stand after each of several weeks, forecast with what was known then, compare with what came."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from demand_forecasting.demand import Array, Demand
from demand_forecasting.features import LEAST_WEEKS
from demand_forecasting.fitting import HORIZON, Forecast, forecast_fit, known_by_week
from demand_forecasting.intervals import Errors, Origin, errors_of, spread_of
from demand_forecasting.metrics import LEVEL, Judged, coverage, judge
from demand_forecasting.routing import contest_hold, routed
from demand_forecasting.simple import imapa, naive, ses

#: Earlier origins that intervals and routing learn from, a horizon apart.
EARLIER = 3
#: The first week with enough to learn from.
FIRST_ORIGIN = LEAST_WEEKS + HORIZON
CUTOFFS = 6
#: The quantiles of a band. Errors of the weeks to come are a little larger than those that could be seen: a band of
#: 80 % is one of 81.5 % of what was seen.
_AGEING = 0.015
BAND = ((1 - LEVEL - _AGEING) / 2, (1 + LEVEL + _AGEING) / 2)
BASELINES: Mapping[str, Callable[[Demand], Array]] = {"naive": naive, "ses": ses, "imapa": imapa}


@dataclass(frozen=True)
class Report:
    """Figures by method, the part of the weeks inside their band by cut-off, and how many articles were routed."""

    cutoffs: tuple[int, ...]
    judged: Mapping[str, Judged]
    coverage: Sequence[float]
    routed: float

    def routing_helps(self) -> bool:
        """Whether challengers were right to take over: with them both errors are smaller, and the bias no larger."""
        with_it, without = self.judged["routed"].figures(), self.judged["ensemble"].figures()
        return abs(with_it["bias"]) <= abs(without["bias"]) and all(
            with_it[name] < without[name] for name in ("mase", "wrmsse")
        )


class Rolling:
    """Forecasts at every origin that is asked for, each made once."""

    def __init__(self, demand: Demand, *, seed: int) -> None:
        self._demand, self._seed = demand, seed
        self._known = known_by_week(demand)
        self._made: dict[int, Forecast] = {}

    def at(self, week: int) -> Forecast:
        """The forecast that was made after so many weeks."""
        if week not in self._made:
            past = self._demand.until(week)
            self._made[week] = forecast_fit(past, known=self._known, seed=self._seed)
        return self._made[week]

    def earlier(self, week: int) -> list[int]:
        """Origins whose horizon was over after so many weeks, the latest first."""
        origins = [week - HORIZON * step for step in range(1, EARLIER + 1)]
        return [origin for origin in origins if origin >= FIRST_ORIGIN]

    def errors(
        self, week: int, *, articles: Array, weeks: int, summed: bool, levels: Sequence[float]
    ) -> Errors:
        """How wrong earlier forecasts of these articles were, as was known after so many weeks.

        Raises ``ValueError`` where nothing is old enough to be compared.
        """
        origins = [
            Origin(
                self.at(origin).units[articles],
                spread_of(self._demand.until(origin))[articles],
                self._demand.units[articles, origin : min(origin + weeks, week)],
            )
            for origin in self.earlier(week)
        ]
        if not origins:
            raise ValueError(f"{week} weeks are too few to know how sure forecasts are")
        return errors_of(origins, levels=levels, summed=summed)

    def contest(self, week: int) -> list[tuple[Forecast, Array]]:
        """What challengers are compared on after so many weeks."""
        return [
            (self.at(origin), self._demand.units[:, origin : origin + HORIZON])
            for origin in self.earlier(week)
        ]


def cutoffs_of(demand: Demand, *, count: int = CUTOFFS) -> tuple[int, ...]:
    """The last cut-offs that leave a horizon to judge on and an earlier one to learn how sure forecasts are."""
    last = demand.weeks - HORIZON
    found = [last - HORIZON * step for step in range(count)]
    return tuple(sorted(week for week in found if week >= FIRST_ORIGIN + HORIZON))


def report_build(demand: Demand, *, articles: Array, cutoffs: Sequence[int], rolling: Rolling) -> Report:
    """Judge everything on these articles at these cut-offs."""
    made: dict[str, dict[int, Array]] = {name: {} for name in (*BASELINES, "ensemble", "even", "routed")}
    bands, taken = {}, []
    for week in cutoffs:
        past, forecast = demand.until(week), rolling.at(week)
        contest = contest_hold(rolling.contest(week))
        taken.append(float(contest.won[articles].mean()))
        units = {
            "ensemble": forecast.units,
            "even": forecast.even,
            "routed": routed(forecast, contest),
            **{name: method(past) for name, method in BASELINES.items()},
        }
        for name, values in units.items():
            made[name][week] = np.repeat(values[articles][:, None], HORIZON, axis=1)
        known = past.best(len(articles), before=week)
        errors = rolling.errors(week, articles=known, weeks=HORIZON, summed=False, levels=BAND)
        bands[week] = band(errors, forecast.units[articles], spread_of(past)[articles], weeks=HORIZON)
    return Report(
        cutoffs=tuple(cutoffs),
        judged={name: judge(demand, values, articles=articles) for name, values in made.items()},
        coverage=coverage(demand, bands, articles=articles),
        routed=float(np.mean(taken)),
    )


def band(errors: Errors, units: Array, spread: Array, *, weeks: int) -> tuple[Array, Array]:
    """Lowest and highest units of each week ahead."""
    low, high = (
        np.column_stack([errors.at(units, spread, ahead=ahead, level=level) for ahead in range(weeks)])
        for level in BAND
    )
    return low, high

"""From a history to what is served: forecasts of every article, summed up for the categories."""

import numpy as np

from demand_forecasting.backtest import BAND, Rolling
from demand_forecasting.demand import Array, Demand
from demand_forecasting.fitting import HORIZON
from demand_forecasting.intervals import Errors, Origin, errors_of, spread_of
from demand_forecasting.model import LEVELS, MOST_WEEKS, Forecaster, Series
from demand_forecasting.routing import CHAMPION, Contest, contest_hold, routed

#: Errors are learned from so many articles that sell best: the others hardly ever sell.
_KNOWN = 2_500
_RECENT, _QUARTER = 4, 13
_ROUNDED = 4


def forecaster_fit(demand: Demand, *, rolling: Rolling, route: bool) -> Forecaster:
    """Forecast the weeks after ``demand``. Categories are the sums of their articles, so that both always agree."""
    week = demand.weeks
    forecast, contest = rolling.at(week), contest_hold(rolling.contest(week))
    if not route:
        contest = Contest(
            contest.challenger,
            contest.champion_error,
            contest.challenger_error,
            np.zeros(len(contest.won), bool),
        )
    units, best = routed(forecast, contest), demand.best(_KNOWN, before=week)
    tables = {
        name: rolling.errors(week, articles=best, weeks=weeks, summed=summed, levels=levels)
        for name, weeks, summed, levels in (
            ("errors", HORIZON, False, BAND), ("needs", MOST_WEEKS, True, LEVELS),
        )
    }  # fmt: skip
    articles = _series(
        demand, np.array(demand.skus), units, spread_of(demand), tables["errors"], tables["needs"],
        champion=np.where(contest.won, contest.challenger, CHAMPION),
        challenger=np.where(contest.won, CHAMPION, contest.challenger),
        champion_error=np.where(contest.won, contest.challenger_error, contest.champion_error),
        challenger_error=np.where(contest.won, contest.champion_error, contest.challenger_error),
    )  # fmt: skip
    return Forecaster(demand.last_day, BAND, articles, _categories(demand, units, rolling))


def _categories(demand: Demand, units: Array, rolling: Rolling) -> Series:
    names = sorted({name for name in demand.categories if name})
    member = np.array([names.index(name) if name else len(names) for name in demand.categories], np.int64)
    whole = demand.grouped(member, tuple(names))

    def summed(values: Array) -> Array:
        return np.bincount(member, values, len(names) + 1)[: len(names)]

    week = demand.weeks
    origins = [
        Origin(
            summed(rolling.at(origin).units),
            spread_of(whole.until(origin)),
            whole.units[:, origin : min(origin + MOST_WEEKS, week)],
        )
        for origin in rolling.earlier(week)
    ]
    some = np.zeros(len(names))
    same = np.full(len(names), CHAMPION)
    return _series(
        whole, np.array(names, dtype=str), summed(units), spread_of(whole),
        errors_of(origins, levels=BAND, summed=False), errors_of(origins, levels=LEVELS, summed=True),
        champion=same, challenger=same, champion_error=some, challenger_error=some,
    )  # fmt: skip


def _series(
    demand: Demand, keys: Array, units: Array, spread: Array, errors: Errors, needs: Errors, **contest: Array
) -> Series:
    rounded = {
        name: np.round(values, _ROUNDED) for name, values in contest.items() if values.dtype.kind == "f"
    }
    return Series(
        keys=keys,
        units=np.round(units, _ROUNDED),
        spread=np.round(spread, _ROUNDED),
        recent=demand.units[:, -_RECENT:].mean(1),
        quarter=demand.units[:, -_QUARTER:].mean(1),
        lines=demand.lines[:, -_RECENT:].sum(1),
        missing=demand.missing[:, -_RECENT:].sum(1),
        weeks=np.maximum(demand.weeks - demand.first, 0),
        errors=errors,
        needs=needs,
        **{**contest, **rounded},
    )

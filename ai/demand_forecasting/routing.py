"""Champion and challengers: whether an article is better off with one member of the ensemble than with all of them.

The ensemble is every article's champion. A challenger takes an article over only when it was closer at every earlier
origin, and by :data:`MARGIN` on the whole. Even so a member may have been lucky: whether articles are routed at all
is decided by the back-test, where the choice is made before the weeks that judge it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demand_forecasting.demand import Array
from demand_forecasting.fitting import Forecast

CHAMPION = "ensemble"
#: Earlier origins that a challenger must win, and by how much of the champion's error in all of them.
LEAST_ORIGINS, MARGIN = 3, 0.25


@dataclass(frozen=True)
class Contest:
    """By article: the best challenger's name, the error of both (units a week), and whether it takes over."""

    challenger: Array
    champion_error: Array
    challenger_error: Array
    won: Array


def contest_hold(earlier: Sequence[tuple[Forecast, Array]]) -> Contest:
    """Compare forecasts with the weeks that came (articles by weeks), one pair for each earlier origin."""
    names = list(earlier[0][0].members)
    champion = np.array([_error(forecast.units, came) for forecast, came in earlier])
    others = np.array(
        [[_error(forecast.members[name], came) for name in names] for forecast, came in earlier]
    )
    best = others.sum(0).argmin(0)
    own = np.take_along_axis(others, best[None, None, :], axis=1)[:, 0]
    always = (own < champion).all(0) & (len(earlier) >= LEAST_ORIGINS)
    return Contest(
        challenger=np.array(names)[best],
        champion_error=champion.mean(0),
        challenger_error=own.mean(0),
        won=always & (own.sum(0) <= (1 - MARGIN) * champion.sum(0)),
    )


def routed(forecast: Forecast, contest: Contest) -> Array:
    """Units a week, by the challenger where it won."""
    units = forecast.units.copy()
    for name, values in forecast.members.items():
        taken = contest.won & (contest.challenger == name)
        units[taken] = values[taken]
    return units


def _error(units: Array, came: Array) -> Array:
    return np.abs(units[:, None] - came).mean(1)

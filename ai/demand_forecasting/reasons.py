"""Why a forecast is what it is, in sentences for a merchant."""

from demand_forecasting.model import Series
from demand_forecasting.routing import CHAMPION

_QUARTER = 13
_MEMBERS = {
    "ses": "its smoothed weekly sales",
    "above": "a somewhat better than usual week of articles like it",
    "high": "a good week of articles like it",
    "mean": "the average week of articles like it",
}


def reasons_of(series: Series, row: int) -> list[str]:
    """What speaks for the number: sales lately, the trend, days without stock, how well the method did."""
    units, recent, quarter = (float(values[row]) for values in (series.units, series.recent, series.quarter))
    said = [
        f"It sold {_count(recent)} a week in the last 4 weeks and {_count(quarter)} in the last {_QUARTER}."
    ]
    if series.weeks[row] < _QUARTER:
        said.append(f"It is new: {int(series.weeks[row])} weeks are known.")
    lines, pieces = float(series.lines[row]), 4 * recent
    if lines and pieces / lines >= 12 and units < 0.9 * recent:
        said.append(
            f"Few large orders made these weeks ({int(lines)} order lines); they are not expected to come again."
        )
    elif quarter and recent >= 1.25 * quarter:
        said.append("It sells better than before.")
    elif quarter and recent <= 0.8 * quarter:
        said.append("It sells less than before.")
    if series.missing[row] >= 1:
        said.append(
            f"It was sold out on {int(series.missing[row])} of the last 28 days; what these would have sold is added."
        )
    champion, challenger = str(series.champion[row]), str(series.challenger[row])
    if champion != CHAMPION:
        said.append(
            f"For this article {_MEMBERS.get(champion, champion)} was closer than all methods together."
        )
    elif challenger != CHAMPION:
        said.append("All methods together forecast it; no single one was reliably closer.")
    return said


def _count(units: float) -> str:
    return f"{units:.0f}" if units >= 10 or units == int(units) else f"{units:.1f}"

"""Forecasts: what the service says; else its last forecast; else what was sold a year ago, or lately.

``source`` tells which: ``model`` or ``baseline`` for the service, ``fallback`` when it did not answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from apps.core.ai_client import AiUnavailable, ai_ask
from apps.forecasting.selectors import WEEKS_KNOWN, forecasts_stored, today_begins, weekly_units
from meshop_shared.seasonal_naive import SEASON, needs_expected, weeks_expected

SERVICE = "demand_forecasting"
MOST_WEEKS = 8
#: Keys of one question.
MOST_KEYS = 200
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
FALLBACK, NAIVE = "fallback", "seasonal_naive"
_LAST = "This is the last forecast that was kept, of {day}."
_YEAR = "There is no forecast; these are the sales of the same weeks a year ago."
_LATELY = "There is no forecast; this is what it sold in the last 4 weeks."


@dataclass(frozen=True, slots=True)
class Item:
    """What is forecast of one key."""

    key: str
    source: str
    method: str
    model: dict[str, str] | None
    weeks: list[dict[str, Any]]
    needs: list[list[float]]
    levels: list[float]
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """Forecasts by key; ``source`` and ``model`` are those of the best of them.

    ``last_day`` is the last one that the service's model has seen; None where it has no model.
    """

    source: str
    model: dict[str, str] | None
    items: dict[str, Item]
    last_day: str | None = None

    @property
    def reasons(self) -> list[str]:
        """What to know of all of them."""
        if self.source == "model":
            return [
                "Forecast from all orders up to the last training, and judged on earlier weeks before it was used."
            ]
        if self.source == FALLBACK:
            return [
                "The forecasting service does not answer: last forecasts, or past sales, stand in for it."
            ]
        return ["There is no trained model: past sales stand in for it."]


def forecasts_for(*, kind: str, keys: Sequence[str], weeks: int) -> Answer:
    """Forecasts of these articles or categories (at most :data:`MOST_KEYS`), from tomorrow on."""
    if not keys:
        return Answer("baseline", None, {})
    recent = weekly_units(kind=kind, keys=keys, weeks=WEEKS_KNOWN)
    try:
        return forecasts_ask(kind=kind, recent={key: recent.get(key, []) for key in keys}, weeks=weeks)
    except AiUnavailable:
        items = forecasts_without_service(kind=kind, keys=keys, recent=recent, weeks=weeks)
        return Answer(FALLBACK, next((item.model for item in items.values() if item.model), None), items)


def forecasts_ask(
    *,
    kind: str,
    recent: Mapping[str, Sequence[float]],
    weeks: int,
    needs: bool = False,
    deadline_s: float | None = None,
) -> Answer:
    """What the service says, given the units of the last weeks. Raises ``AiUnavailable``."""
    question = {
        "kind": kind,
        "items": [{"key": key, "recent": list(units[-WEEKS_KNOWN:])} for key, units in recent.items()],
        "first_day": _tomorrow().isoformat(),
        "weeks": weeks,
        "needs": needs,
    }
    said = ai_ask(SERVICE, "/v1/forecast", question, deadline_s=deadline_s)
    try:
        items = {
            item["key"]: Item(
                item["key"], item["source"], item["method"],
                said["model"] if item["source"] == "model" else None,
                item["weeks"], item["needs"], said["levels"], item["reasons"],
            )
            for item in said["items"]
        }  # fmt: skip
    except (KeyError, TypeError) as error:
        raise AiUnavailable("not a forecast") from error
    if set(items) != set(recent):
        raise AiUnavailable("forecasts of something else")
    return Answer(said["source"], said["model"], items, said.get("last_day"))


def forecasts_without_service(
    *, kind: str, keys: Sequence[str], recent: Mapping[str, Sequence[float]], weeks: int
) -> dict[str, Item]:
    """The last forecasts where enough weeks of them are still to come, else what was sold."""
    kept = forecasts_kept(kind=kind, keys=keys)
    return {
        key: replace(kept[key], weeks=kept[key].weeks[:weeks])
        if key in kept and len(kept[key].weeks) >= weeks
        else naive_of(key, recent.get(key, []), weeks=weeks)
        for key in keys
    }


def forecasts_kept(*, kind: str, keys: Sequence[str]) -> dict[str, Item]:
    """The last forecasts of the service, of the weeks that are still to come."""
    first, found = _tomorrow().isoformat(), {}
    for key, row in forecasts_stored(kind=kind, keys=keys).items():
        ahead = [week for week in row.weeks if week["end"] >= first]
        if ahead:
            reasons = [_LAST.format(day=row.made_at.date()), *row.reasons]
            found[key] = Item(key, FALLBACK, row.method, row.model, ahead, row.needs, row.levels, reasons)
    return found


def naive_of(key: str, recent: Sequence[float], *, weeks: int) -> Item:
    """What was sold a year ago or lately, as a forecast."""
    first = _tomorrow()
    ahead = [
        {
            "start": (first + timedelta(weeks=number)).isoformat(),
            "end": (first + timedelta(weeks=number + 1, days=-1)).isoformat(),
            "units": round(week.units, 1), "low": round(week.low, 1), "high": round(week.high, 1),
        }
        for number, week in enumerate(weeks_expected(recent, weeks=weeks))
    ]  # fmt: skip
    needs = needs_expected(recent, weeks=weeks, levels=LEVELS)
    return Item(
        key, FALLBACK, NAIVE, None, ahead, needs, list(LEVELS), [_YEAR if len(recent) >= SEASON else _LATELY]
    )


def _tomorrow() -> date:
    return today_begins().date() + timedelta(days=1)

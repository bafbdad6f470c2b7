"""The one question: the weeks to come of articles or categories. Unknown keys are answered by what they sold lately."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import numpy as np
from fastapi import APIRouter, Request

from demand_forecasting.model import LEVELS, MOST_WEEKS, Forecaster
from demand_forecasting.reasons import reasons_of
from demand_forecasting.schemas import Asked, ForecastAnswer, ForecastQuestion, ForecastWeek, ItemForecast
from meshop_shared.ai.decisions import DecisionLog
from meshop_shared.ai.models import Models
from meshop_shared.seasonal_naive import SEASON, needs_expected, weeks_expected

BASELINE = "seasonal_naive"
_WEEK = 7


def routes_build(models: Models[Forecaster], decisions: DecisionLog) -> APIRouter:
    """Routes over the model that is current when a request arrives."""
    router = APIRouter()

    @router.post("/forecast")
    async def forecast(question: ForecastQuestion, request: Request) -> ForecastAnswer:
        """Forecast the weeks to come."""
        current = models.current
        model = current.model if current else None
        if model and question.first_day.toordinal() - model.last_day > _WEEK * MOST_WEEKS:
            model = None  # too old to say anything of today
        known = _known(model, question) if model else {}
        items = [known.get(asked.key) or _unknown(asked, question) for asked in question.items]
        answer = ForecastAnswer(
            source="model" if known else "baseline",
            model=current.ref if current and known else None,
            reasons=[f"{item.key}: {' '.join(item.reasons)}" for item in items],
            last_day=date.fromordinal(model.last_day) if model else None,
            levels=list(LEVELS),
            items=items,
        )
        decisions.record(
            operation="forecast", request_id=request.scope["request_id"], question=question, answer=answer
        )
        return answer

    return router


def _known(model: Forecaster, question: ForecastQuestion) -> dict[str, ItemForecast]:
    """What the model says of the keys it knows; weeks that are over by now are left out."""
    series = model.articles if question.kind == "article" else model.categories
    keys = [asked.key for asked in question.items if asked.key in series.rows]
    rows = np.array([series.rows[key] for key in keys], dtype=np.int64)
    over = max(0, (question.first_day.toordinal() - model.last_day - 1) // _WEEK)
    ahead = series.ahead(rows, weeks=over + question.weeks, band=model.band)[:, over:]
    needs = series.need(rows, weeks=question.weeks) if question.needs else np.empty((len(rows), 0, 0))
    first = model.last_day + 1 + _WEEK * over
    found = {}
    for at, (key, row) in enumerate(zip(keys, rows, strict=True)):
        champion, challenger = str(series.champion[row]), str(series.challenger[row])
        found[key] = ItemForecast(
            key=key,
            source="model",
            method=champion,
            challenger=challenger if challenger != champion else None,
            weeks=_weeks(first, ahead[at].tolist()),
            needs=_rounded(needs[at].tolist()),
            reasons=reasons_of(series, int(row)),
        )
    return found


def _unknown(asked: Asked, question: ForecastQuestion) -> ItemForecast:
    expected = weeks_expected(asked.recent, weeks=question.weeks)
    needs = needs_expected(asked.recent, weeks=question.weeks, levels=LEVELS) if question.needs else []
    return ItemForecast(
        key=asked.key,
        source="baseline",
        method=BASELINE,
        challenger=None,
        weeks=_weeks(question.first_day.toordinal(), [(one.units, one.low, one.high) for one in expected]),
        needs=_rounded(needs),
        reasons=[
            "The model does not know it: these are the sales of the same weeks a year ago."
            if len(asked.recent) >= SEASON
            else "The model does not know it: this is what it sold in the last 4 weeks."
        ],
    )


def _weeks(first: int, table: Iterable[Sequence[float]]) -> list[ForecastWeek]:
    found = []
    for ahead, (units, low, high) in enumerate(table):
        start = date.fromordinal(first + _WEEK * ahead)
        end = start + timedelta(days=_WEEK - 1)
        found.append(
            ForecastWeek(start=start, end=end, units=round(units, 1), low=round(low, 1), high=round(high, 1))
        )
    return found


def _rounded(table: list[list[float]]) -> list[list[float]]:
    return [[round(value, 2) for value in line] for line in table]

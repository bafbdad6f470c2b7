"""The question and its answer. Units are pieces, weeks have seven days and need not begin on a Monday."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from demand_forecasting.model import MOST_WEEKS
from meshop_shared.ai.answer import Answer, Source

Key = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class Asked(BaseModel):
    """An article by its SKU, or a category by its slug."""

    model_config = ConfigDict(extra="forbid")

    key: Key
    recent: list[Annotated[float, Field(ge=0, le=1e12)]] = Field(
        default_factory=list,
        max_length=104,
        description="Units of the last weeks, the latest last: answered from, where the model does not know the key.",
    )


class ForecastQuestion(BaseModel):
    """Whose weeks to forecast, from which day on."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["article", "category"] = "article"
    items: Annotated[list[Asked], Field(min_length=1, max_length=200)]
    first_day: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 1, 1))]
    weeks: Annotated[int, Field(ge=1, le=MOST_WEEKS)] = 4
    needs: bool = Field(False, description="Whether to say what suffices for several weeks together.")


class ForecastWeek(BaseModel):
    """A week to come; four of five weeks fall between ``low`` and ``high``."""

    start: date
    end: date
    units: float
    low: float
    high: float


class ItemForecast(BaseModel):
    """The weeks to come of one key, and why."""

    key: str
    source: Source
    method: str = Field(description="`ensemble`, a member of it that was better here, or `seasonal_naive`.")
    challenger: str | None = Field(description="The method that comes next, if there are several.")
    weeks: list[ForecastWeek]
    needs: list[list[float]] = Field(
        description="Units that suffice for 1, 2, … weeks together, at each of the answer's `levels`."
    )
    reasons: list[str]


class ForecastAnswer(Answer):
    """Forecasts in the order of the question."""

    last_day: date | None = Field(description="The last day that the model has seen.")
    levels: list[float] = Field(description="Service levels of `needs`.")
    items: list[ItemForecast]

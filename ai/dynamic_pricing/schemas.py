"""Questions and answers. Articles are named by SKU; no question has room for a customer: a price is everybody's."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from meshop_shared.ai.answer import Answer

Sku = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Minor = Annotated[int, Field(ge=1, le=10**11)]


class Article(BaseModel):
    """An article to be priced; amounts in minor units."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    recent: list[Minor] = Field(
        min_length=1,
        max_length=100,
        description="Prices in force within the last 24 hours, the current one last.",
    )
    cost: int = Field(ge=0, le=10**11)
    stock: float = Field(ge=0, le=1e9, allow_inf_nan=False)
    days: float = Field(7, gt=0, le=365, allow_inf_nan=False, description="How long the stock has to last.")
    floor: Minor
    cap: Minor
    step: float = Field(0.1, gt=0, le=1, description="Largest change within a day, as a fraction.")
    ending: int = Field(9, ge=0, le=99, description="Last digits of a price, of as many as `ending_of` says.")
    ending_of: Literal[1, 10, 100] = 10
    frozen: bool = False

    @model_validator(mode="after")
    def _ending_fits(self) -> "Article":
        if self.ending >= self.ending_of:
            raise ValueError("ending must be less than ending_of")
        return self


class ProposeQuestion(BaseModel):
    """Which prices?"""

    model_config = ConfigDict(extra="forbid")

    articles: list[Article] = Field(min_length=1, max_length=100)
    seed: int = Field(
        ge=0, lt=2**31, description="The same seed gives the same prices; the shop sends the day."
    )


class PriceOut(BaseModel):
    """A price and why. Expectations are per day, the margin in minor units; none where nothing is known."""

    sku: str
    price: int
    current: int
    units: float | None
    units_now: float | None
    margin: float | None
    margin_now: float | None
    elasticity: float | None
    elasticity_low: float | None = Field(description="Lower end of an 80 % interval.")
    elasticity_high: float | None
    limits: list[str] = Field(description="Limits that shaped the price.")
    reasons: list[str]


class ProposeAnswer(Answer):
    """Prices in the order of the question; each keeps all its limits, or is the current one."""

    items: list[PriceOut]

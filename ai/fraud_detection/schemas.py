"""Questions and answers. Who is meant is said in digests only, made by the caller; the service knows no person."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from meshop_shared.ai.answer import Answer

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16,64}$")]
OrderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
#: Seconds since 1970; up to the year 2286.
Moment = Annotated[float, Field(ge=0, lt=1e10, allow_inf_nan=False)]


class ScoreQuestion(BaseModel):
    """Is this order fraud? Counting it is part of the question; asking again counts nothing twice."""

    model_config = ConfigDict(extra="forbid")

    order: OrderName = Field(description="The caller's name of the order.")
    at: Moment = Field(description="When it was placed, in seconds since 1970.")
    amount: float = Field(ge=0, le=1e9, allow_inf_nan=False, description="In the currency of the shop.")
    user: Digest | None = None
    card: Digest | None = None
    address: Digest | None = None
    ip: Digest | None = None


class ReasonOut(BaseModel):
    """Why; ``weight`` is the part of the score in log-odds."""

    code: str
    text: str
    weight: float


class ScoreAnswer(Answer):
    """A probability and what to do. Never a refusal: `hold` means that a person decides before goods leave."""

    probability: float = Field(ge=0, le=1)
    action: Literal["accept", "review", "hold"]
    expected_costs: dict[str, float] = Field(description="Of each action, in the currency of the shop.")
    details: list[ReasonOut] = Field(description="The reasons with their codes, strongest first.")
    counted: bool = Field(description="False while orders cannot be counted; velocity is unknown then.")
    trained_on: str | None = Field(description="What the model learned from: `synthetic` or `shop`.")


class FeedbackQuestion(BaseModel):
    """What an order turned out to be; said again, it changes nothing."""

    model_config = ConfigDict(extra="forbid")

    order: OrderName
    fraud: bool
    at: Moment = Field(description="When that became known, in seconds since 1970.")


class FeedbackAnswer(Answer):
    """Whether the order was known."""

    known: bool

"""Questions and answers. Articles are named by SKU, which means the same to the shop and to a model."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from meshop_shared.ai.answer import Answer

Sku = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
Count = Annotated[int, Field(ge=1, le=100)]


class Question(BaseModel):
    """Base of all questions."""

    model_config = ConfigDict(extra="forbid")

    limit: Count = 20
    exclude: list[Sku] = Field(
        default=[], max_length=5_000, description="Never in the answer: out of stock, hidden, in the cart."
    )


class BoughtLine(BaseModel):
    """One line of an order of the caller's customer."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    order: int = Field(description="Tells the orders of one customer apart; the number itself means nothing.")
    days_ago: float = Field(ge=0, le=36_500)
    quantity: float = Field(gt=0, le=1e9)
    price: float = Field(ge=0, le=1e9, description="Per piece, in the currency of the shop.")


class ForYouQuestion(Question):
    """What one customer may like. Their history comes with the question; the service remembers nobody."""

    bought: list[BoughtLine] = Field(default=[], max_length=5_000)
    viewed: list[Sku] = Field(default=[], max_length=100, description="In this session, latest first.")
    again: bool = Field(
        default=False, description="Whether articles that the customer bought may come again."
    )
    just_bought_days: float = Field(
        default=7, ge=0, le=365, description="With `again`: what is younger does not come again yet."
    )


class ArticleQuestion(Question):
    """What belongs to one article."""

    sku: Sku
    name: str = Field(default="", max_length=500, description="For articles that no model knows yet.")


class CartQuestion(Question):
    """What goes with a cart."""

    skus: list[Sku] = Field(min_length=1, max_length=200)


class Item(BaseModel):
    """One recommended article."""

    sku: str
    score: float
    kind: Literal["bought", "viewed", "again", "similar", "together", "cart", "popular", "trending"]
    because: str | None = Field(description="SKU of the article that led here, if one did.")


class RecommendationAnswer(Answer):
    """Articles, best first, each with its reason; ``reasons`` says the same in sentences."""

    items: list[Item]

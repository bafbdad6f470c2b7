"""The question and its answer. Prices are decimal strings in the currency of the shop."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from meshop_shared.ai.answer import Answer

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


class SearchQuestion(BaseModel):
    """What somebody typed."""

    model_config = ConfigDict(extra="forbid")

    text: Text
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class Hit(BaseModel):
    """A product and the cosine between its vector and the text's."""

    product_id: int
    score: float


class SynonymsQuestion(BaseModel):
    """Texts that customers searched."""

    model_config = ConfigDict(extra="forbid")

    texts: Annotated[list[Text], Field(min_length=1, max_length=2_000)]


class SynonymPair(BaseModel):
    """A word of a text that no product has, and the word of the catalogue that means most nearly the same."""

    model_config = ConfigDict(from_attributes=True)

    text: int = Field(description="Place of the text in the question.")
    word: str
    known: str
    score: float


class SynonymsAnswer(Answer):
    """Proposals, for people to decide on."""

    items: list[SynonymPair]


class Fusion(BaseModel):
    """How to join these hits with those of a search by words; see :class:`meshop_shared.fusion.Weights`."""

    model_config = ConfigDict(from_attributes=True)

    lexical: float
    depth: float
    least: float
    extra: int


class SearchAnswer(Answer):
    """Products near the text, best first, and what else the text says."""

    text: str = Field(description="What is left to search for.")
    min_price: str | None
    max_price: str | None
    in_stock: bool
    attributes: dict[str, str]
    complete: bool = Field(
        description="Whether products without the words have no place in the answer: some product has every word, or "
        "one of the words means nothing."
    )
    exact: int | None = Field(description="The product whose SKU the text is.")
    fusion: Fusion
    items: list[Hit]

"""Questions and answers. Pictures travel in base64; products and pictures are named by the shop's ids."""

from pydantic import BaseModel, ConfigDict, Field

from meshop_shared.ai.answer import Answer


class PictureQuestion(BaseModel):
    """A picture of which nothing else is known. Nothing of it is kept."""

    model_config = ConfigDict(extra="forbid")

    image: str = Field(min_length=1, max_length=14_000_000, description="JPEG, PNG, WebP or GIF in base64.")


class SearchQuestion(PictureQuestion):
    """Which products does this photo show?"""

    limit: int = Field(20, ge=1, le=100)


class Match(BaseModel):
    """A product that the photo may show."""

    product_id: int
    image_id: int = Field(description="The picture of it that is most like the photo.")
    score: float = Field(description="Deviations above what usual pictures of the shop reach.")


class SearchAnswer(Answer):
    """Products, most likely first."""

    items: list[Match]
    confidence: float | None = Field(
        description="Probability that the first one is of the right category; none without a model."
    )


class Copy(BaseModel):
    """A picture of the shop that this one is a copy of."""

    product_id: int
    image_id: int
    likeness: float = Field(ge=0, le=1, description="Correlation of grey values once one lies on the other.")


class CategorySuggestion(BaseModel):
    """Where a product like this is kept."""

    slug: str
    share: float = Field(ge=0, le=1, description="Of the votes of the ten products most like it.")


class ColourSuggestion(BaseModel):
    """A main colour."""

    name: str
    share: float = Field(ge=0, le=1, description="Of the subject.")


class InspectAnswer(Answer):
    """What somebody who adds this picture to a product wants to know."""

    duplicates: list[Copy]
    categories: list[CategorySuggestion]
    colours: list[ColourSuggestion]
    confidence: float | None = Field(
        description="Probability that the first category is right; none without a model."
    )

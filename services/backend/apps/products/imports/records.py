"""What readers hand to the loader: one article of a catalogue, independent of the file it came from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class VariantRecord:
    """A sellable form of an article. ``price_minor`` empty means the article's price."""

    sku: str
    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    price_minor: int | None = None
    stock: int = 0


@dataclass(slots=True)
class ImageRecord:
    """A picture that is already in the media storage; given to new products only."""

    file: str
    width: int
    height: int


@dataclass(slots=True)
class ArticleRecord:
    """One product to create or update.

    ``None`` means "the file does not say": the product keeps what it has, and a new one gets the empty value.
    ``stock`` and ``is_active`` are how a new product begins, and no business of an old one. ``line`` is where the
    article stands in the file.
    """

    line: int
    sku: str
    name: str
    price_minor: int
    currency: str
    description: str | None = None
    brand: str | None = None
    category: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    attributes: dict[str, Any] | None = None
    stock: int = 0
    variants: list[VariantRecord] | None = None
    image: ImageRecord | None = None
    is_active: bool = True
    created_at: datetime | None = None


@dataclass(slots=True)
class Rejection:
    """A line that was not imported, with a stable reason and, where it helps, the value at fault."""

    line: int
    reason: str
    detail: str = ""


@dataclass(slots=True)
class UpsertResult:
    """What became of one batch."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[Rejection] = field(default_factory=list)

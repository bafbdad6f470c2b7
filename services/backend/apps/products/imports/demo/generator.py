"""Demo products: the n-th one depends on the seed and on n alone, so catalogues of any size agree on their overlap."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from apps.products.imports.demo.vocabulary import COLOURS, DEPARTMENTS, SERIES, Department
from apps.products.imports.records import ArticleRecord, ImageRecord, VariantRecord

SKU_PREFIX = "DEMO"
TILE_SIZE = 480
OCCASIONS = ("New in", "Bestseller", "Gift idea", "Eco choice", "Clearance", "Limited edition")
#: Digits that a price ends with, in hundredths, and how often.
CHARM = ((99, 8), (95, 3), (49, 2), (50, 2), (0, 2))
_CHARM_ENDINGS = [ending for ending, weight in CHARM for _ in range(weight)]
_FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_DAYS = 600
_OUT_OF_STOCK = 0.06
_WITH_VARIANTS = 0.15


@dataclass(frozen=True, slots=True)
class _Shelf:
    department: Department
    path: tuple[str, str, str]
    nouns: tuple[str, ...]


_SHELVES = [
    _Shelf(department, (department.name, section, shelf), nouns)
    for department in DEPARTMENTS
    for section, shelves in department.shelves.items()
    for shelf, nouns in shelves.items()
]


def demo_sku(*, seed: int, number: int) -> str:
    """SKU of the demo product ``number`` (from 1) under ``seed``."""
    return f"{SKU_PREFIX}-{seed}-{number:07d}"


def tile_name(colour_index: int) -> str:
    """Name in the media storage of the picture that products of one colour share."""
    return f"products/demo-{colour_index + 1:02d}.png"


def demo_article(*, seed: int, number: int, currency: str, exponent: int) -> ArticleRecord:
    """The demo product ``number`` under ``seed``; prices have ``exponent`` decimal places."""
    rng = Random(f"{seed}/{number}")  # noqa: S311 - plausible, not secret
    shelf = rng.choice(_SHELVES)
    department = shelf.department
    brand, style = rng.choice(department.brands), rng.choice(department.styles)
    material, noun, series = rng.choice(department.materials), rng.choice(shelf.nouns), rng.choice(SERIES)
    colour_index = rng.randrange(len(COLOURS))
    colour = COLOURS[colour_index][0]
    sku = demo_sku(seed=seed, number=number)
    attributes = {"colour": colour, "material": material}
    variants = None
    if department.sizes and rng.random() < _WITH_VARIANTS:
        variants = _variants(rng, sku, department.sizes, price := _price(rng, department, exponent))
    else:
        price = _price(rng, department, exponent)
        if department.sizes:
            attributes["size"] = rng.choice(department.sizes)
    return ArticleRecord(
        line=number,
        sku=sku,
        name=f"{brand} {style} {material} {noun} {series} {colour}",
        description=_description(rng, department, (style, material, noun, colour, series)),
        brand=brand,
        category=shelf.path,
        tags=(material, rng.choice(OCCASIONS)) if rng.random() < 0.4 else (material,),
        price_minor=price,
        currency=currency,
        attributes=attributes,
        stock=_stock(rng),
        variants=variants,
        image=ImageRecord(tile_name(colour_index), TILE_SIZE, TILE_SIZE),
        created_at=_FIRST_DAY + timedelta(seconds=rng.randrange(_DAYS * 86_400)),
    )


def _price(rng: Random, department: Department, exponent: int) -> int:
    """Cheap things are many and dear ones few (log-uniform), with an ending as shops print it."""
    low, high = department.prices
    whole = int(low * (high / low) ** rng.random())
    ending = rng.choice(_CHARM_ENDINGS) if whole < 200 else 0
    hundredths = whole * 100 + ending
    return hundredths * 10 ** (exponent - 2) if exponent >= 2 else hundredths


def _stock(rng: Random) -> int:
    return 0 if rng.random() < _OUT_OF_STOCK else rng.randint(5, 250)


def _variants(rng: Random, sku: str, sizes: tuple[str, ...], price: int) -> list[VariantRecord]:
    start = rng.randrange(len(sizes) - 1)
    chosen = sizes[start : start + rng.randint(2, 4)]
    step = price // 10 if rng.random() < 0.5 else 0
    return [
        VariantRecord(
            sku=f"{sku}-{index + 1}",
            name=size,
            attributes={"size": size},
            price_minor=price + step * index if step and index else None,
            stock=_stock(rng),
        )
        for index, size in enumerate(chosen)
    ]


def _description(rng: Random, department: Department, words: tuple[str, str, str, str, str]) -> str:
    style, material, noun, colour, series = words
    first, second = rng.sample(department.promises, 2)
    return (
        f"{style} {noun.lower()} in {colour.lower()} {material.lower()}, from our {series} range. "
        f"It {first} and {second}."
    )

"""Demo products: the n-th one depends on the seed and on n alone, so catalogues of any size agree on their overlap."""

from datetime import UTC, datetime, timedelta
from random import Random

from apps.products.imports.demo.vocabulary import COLOURS, DEPARTMENTS, SERIES, Department, Shelf
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


_SHELVES = [
    (department, section, shelf)
    for department in DEPARTMENTS
    for section in department.sections
    for shelf in section.shelves
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
    department, section, shelf = rng.choice(_SHELVES)
    brand, style = rng.choice(department.brands), rng.choice(department.styles)
    material, noun, series = rng.choice(section.materials), rng.choice(shelf.nouns), rng.choice(SERIES)
    colour_index = rng.randrange(len(COLOURS))
    colour = COLOURS[colour_index][0]
    sku = demo_sku(seed=seed, number=number)
    name, made_of = f"{brand} {style} {material} {noun} {series}", f"with {material.lower()}"
    attributes = {"material": material}
    if department.coloured:
        name, made_of = f"{name} {colour}", f"in {colour.lower()} {material.lower()}"
        attributes["colour"] = colour
    variants = None
    price = _price(rng, shelf, exponent)
    if department.sizes and rng.random() < _WITH_VARIANTS:
        variants = _variants(rng, sku, department.sizes, price)
    elif department.sizes:
        attributes["size"] = rng.choice(department.sizes)
    return ArticleRecord(
        line=number,
        sku=sku,
        name=name,
        description=f"{style} {noun} {made_of}, from our {series} range. {_promises(rng, department)}",
        brand=brand,
        category=(department.name, section.name, shelf.name),
        tags=(material, rng.choice(OCCASIONS)) if rng.random() < 0.4 else (material,),
        price_minor=price,
        currency=currency,
        attributes=attributes,
        stock=_stock(rng),
        variants=variants,
        image=ImageRecord(tile_name(colour_index), TILE_SIZE, TILE_SIZE),
        created_at=_FIRST_DAY + timedelta(seconds=rng.randrange(_DAYS * 86_400)),
    )


def _price(rng: Random, shelf: Shelf, exponent: int) -> int:
    """Cheap things are many and dear ones few (log-uniform), with an ending as shops print it."""
    low, high = shelf.prices
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


def _promises(rng: Random, department: Department) -> str:
    first, second = rng.sample(department.promises, 2)
    return f"It {first} and {second}."

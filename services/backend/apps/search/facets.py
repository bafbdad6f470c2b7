"""The shape of facets, the same from every engine."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from apps.products.models import Category
from meshop_shared.money import minor_to_decimal_string

#: Ends of the price ranges, in minor units; the last range is open.
PRICE_STEPS = (500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000)
RATINGS = (4, 3, 2, 1)
#: Most values of one facet.
MAX_VALUES = 50
MAX_ATTRIBUTES = 20


@dataclass(slots=True)
class FacetCounts:
    """Numbers of matches, as an engine counts them."""

    #: A category counts what is in and below it.
    categories: dict[int, int] = field(default_factory=dict)
    brands: dict[str, int] = field(default_factory=dict)
    #: One number for each range of ``PRICE_STEPS``, and one for what is above.
    prices: list[int] = field(default_factory=list)
    #: Stars → rated so or better.
    ratings: dict[int, int] = field(default_factory=dict)
    stock: dict[bool, int] = field(default_factory=dict)
    attributes: dict[str, dict[Any, int]] = field(default_factory=dict)


def facets_shape(counts: FacetCounts) -> dict[str, Any]:
    """Facets as the API shows them: values by falling count, then by name; what nothing has is left out."""
    currency = settings.MESHOP.shop_currency
    ends = [*PRICE_STEPS, None]
    ranges = zip([0, *PRICE_STEPS], ends, counts.prices, strict=True)
    attributes = sorted(counts.attributes.items(), key=lambda pair: (-sum(pair[1].values()), pair[0]))
    return {
        "category": _categories(counts.categories),
        "brand": [{"value": name, "count": number} for name, number in _most(counts.brands)],
        "price": [
            {
                "min": minor_to_decimal_string(start, currency),
                "max": None if end is None else minor_to_decimal_string(end - 1, currency),
                "count": number,
            }
            for start, end, number in ranges
            if number
        ],
        "rating": [
            {"min": stars, "count": counts.ratings[stars]} for stars in RATINGS if counts.ratings.get(stars)
        ],
        "in_stock": [
            {"value": value, "count": counts.stock[value]}
            for value in (True, False)
            if counts.stock.get(value)
        ],
        "attributes": [
            {"name": name, "values": [{"value": value, "count": number} for value, number in _most(found)]}
            for name, found in attributes[:MAX_ATTRIBUTES]
            if found
        ],
    }


def _categories(found: dict[int, int]) -> list[dict[str, Any]]:
    top = dict(_most(found))
    rows = Category.objects.filter(pk__in=top).values("pk", "slug", "name", "path")
    by_path = {row["path"]: row["pk"] for row in rows}
    step = Category.steplen
    shown = [
        {
            "id": row["pk"],
            "slug": row["slug"],
            "name": row["name"],
            "parent_id": by_path.get(row["path"][:-step]),
            "count": top[row["pk"]],
        }
        for row in rows
    ]
    return sorted(shown, key=lambda one: (-one["count"], one["name"]))


def _most(counts: dict[Any, int]) -> list[tuple[Any, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))[:MAX_VALUES]

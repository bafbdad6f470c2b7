"""A shop whose articles sell at steady paces, some of them by large orders now and then."""

from collections.abc import Iterator
from datetime import date

import numpy as np

from demand_forecasting.demand import Demand, Sale, demand_build

FIRST_DAY = date(2026, 1, 5).toordinal()
CATEGORIES = ("cups", "lamps", "toys")


def shop_sales(*, articles: int = 60, weeks: int = 34, seed: int = 5) -> Iterator[Sale]:
    """Paces from a few to some dozens a week; every fifth article has a large order once in a while."""
    chance = np.random.default_rng(seed)
    paces = 2 + 40 * chance.random(articles) ** 2
    for day in range(7 * weeks):
        for article in np.flatnonzero(chance.random(articles) < 0.6):
            large = article % 5 == 0 and chance.random() < 0.03
            pieces = 1 + chance.poisson(paces[article] / 4.2) + (int(paces[article]) * 10 if large else 0)
            yield Sale(
                sku=f"S{article:03}",
                name=f"Thing {article}",
                category=CATEGORIES[article % 3] if article else "",
                day=FIRST_DAY + day,
                quantity=float(pieces),
                price=2.5 + article % 7,
            )


def shop_demand(**choices: int) -> Demand:
    """The same by article and week."""
    return demand_build(shop_sales(**choices))

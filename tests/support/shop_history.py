"""A small shop whose customers have tastes, so that a recommender has something to learn."""

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from recommendations.interactions import Interactions, Line, interactions_build

FIRST_DAY = date(2026, 1, 1).toordinal()


def shop_lines(
    *, customers: int = 240, tastes: int = 6, articles: int = 20, days: int = 240, seed: int = 3
) -> Iterator[Line]:
    """Each customer buys mostly within one taste, a few pieces every other week."""
    chance = np.random.default_rng(seed)
    colours = ("red", "blue", "green", "white", "pink", "black", "silver", "golden")
    order = 0
    for day in range(days):
        for customer in np.flatnonzero(chance.random(customers) < 0.07):
            order += 1
            for _ in range(int(chance.integers(1, 4))):
                taste = customer % tastes if chance.random() < 0.85 else int(chance.integers(tastes))
                article = min(int(chance.exponential(articles / 3)), articles - 1)
                yield Line(
                    customer=f"C{customer}",
                    sku=f"{10000 + taste * 100 + article}",
                    name=f"{colours[taste].upper()} THING NUMBER {chr(65 + article) * 3}",
                    day=FIRST_DAY + day,
                    quantity=float(chance.integers(1, 6)),
                    price=1.5 + taste,
                    basket=f"B{order}",
                )


def shop_history(**choices: int) -> Interactions:
    """The same as arrays."""
    return interactions_build(shop_lines(**choices))


def history_of(skus: Sequence[str], **choices: int) -> Interactions:
    """The same history of articles that a shop has: these, in the order of their first purchase."""
    named: dict[str, str] = {}
    lines = []
    for line in shop_lines(**choices):
        if line.sku in named or len(named) < len(skus):
            sku = named.get(line.sku) or named.setdefault(line.sku, skus[len(named)])
            lines.append(line._replace(sku=sku))
    return interactions_build(lines)

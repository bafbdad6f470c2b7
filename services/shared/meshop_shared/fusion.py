"""Joining a ranking by words with one by meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Weights:
    """A product scores ``cosine + lexical × depth / (depth + rank)``, its rank by words counted from 0.

    Products that only the vectors know take part when nothing has every word of the text: at most ``extra`` of them,
    with a cosine of ``least`` or more. Those that only the words know count as near as the farthest vector seen.
    """

    lexical: float = 0.4
    depth: float = 5.0
    least: float = 0.35
    extra: int = 30


def fused(
    by_words: Sequence[int], by_meaning: Mapping[int, float], *, weights: Weights, complete: bool
) -> list[int]:
    """Products by both, best first: ``by_words`` in their order, ``by_meaning`` with their cosines."""
    floor = min(by_meaning.values(), default=0.0)
    scores = {
        product: by_meaning.get(product, floor) + weights.lexical * weights.depth / (weights.depth + rank)
        for rank, product in enumerate(by_words)
    }
    if not complete:
        near = sorted(by_meaning, key=lambda product: -by_meaning[product])
        new = [one for one in near if one not in scores and by_meaning[one] >= weights.least]
        scores |= {product: by_meaning[product] for product in new[: weights.extra]}
    return sorted(scores, key=lambda product: -scores[product])

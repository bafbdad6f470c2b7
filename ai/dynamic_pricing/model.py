"""The pricing model that is trained, stored and served. No framework, no clock: same input and seed, same output."""

import json
from dataclasses import dataclass

import numpy as np

from dynamic_pricing.choosing import Belief, Chosen, Situation, price_choose
from meshop_shared.price_guards import price_guard

_LIMITS = {
    "floor": "It cannot be lower: the margin would be too small.",
    "cap": "It cannot be higher: that is the highest price allowed.",
    "step": "A larger step is not allowed within one day.",
    "frozen": "Prices are frozen.",
    "outside_limits": "The price in force is outside its limits; a person has to set it first.",
    "no_room": "No other price is allowed now.",
    "no_round_price": "No round price is allowed now.",
}
UNKNOWN = "Too little was sold to know how demand answers to the price."


@dataclass(frozen=True)
class Proposal:
    """A price and why. ``chosen`` is None where nothing is known of the article."""

    price: int
    chosen: Chosen | None
    elasticity: tuple[float, float, float] | None
    hits: tuple[str, ...]
    reasons: tuple[str, ...]


class PricingModel:
    """Beliefs about demand by SKU, and the days of sales behind each."""

    def __init__(self, beliefs: dict[str, Belief], days: dict[str, int]) -> None:
        self.beliefs, self.days = beliefs, days

    def propose(self, sku: str, situation: Situation, *, seed: int) -> Proposal:
        """A price for an article within its limits; the current one where nothing better is known."""
        current = situation.recent[-1]
        belief = self.beliefs.get(sku)
        if belief is None:
            hits = price_guard(current, recent=situation.recent, limits=situation.limits).hits
            return Proposal(current, None, None, hits, (UNKNOWN, *(_LIMITS[hit] for hit in hits)))
        letters = np.frombuffer(sku.encode(), np.uint8)
        rng = np.random.default_rng([seed, *letters.tolist()])
        chosen = price_choose(belief, situation, rng=rng)
        middle, sd = belief.mean[1], float(np.sqrt(belief.covariance[1][1]))
        elasticity = (middle, max(middle - 1.28 * sd, 0.0), middle + 1.28 * sd)
        return Proposal(
            chosen.price, chosen, elasticity, chosen.hits, self._reasons(sku, situation, chosen, elasticity)
        )

    def _reasons(
        self, sku: str, situation: Situation, chosen: Chosen, elasticity: tuple[float, float, float]
    ) -> tuple[str, ...]:
        lost = 1 - 1.1 ** -elasticity[0]
        sentences = [
            f"A price 10 % higher would sell about {lost:.0%} less (between {1 - 1.1 ** -elasticity[1]:.0%} and "
            f"{1 - 1.1 ** -elasticity[2]:.0%}), by {self.days.get(sku, 0)} days of sales.",
        ]
        if chosen.price != situation.recent[-1]:
            sentences.append(
                f"Some {chosen.units:.1f} units a day instead of {chosen.units_now:.1f} are expected, and a margin of "
                f"{chosen.margin / 100:.2f} instead of {chosen.margin_now / 100:.2f} a day."
            )
            if chosen.margin < chosen.margin_now:
                sentences.append("It is tried because too little is known of prices like this one.")
        else:
            sentences.append("No allowed price is expected to earn more.")
        if situation.stock <= 0:
            sentences.append("Nothing is in stock.")
        elif chosen.units * situation.days >= 0.98 * situation.stock:
            sentences.append(
                f"The stock of {situation.stock:.0f} is what limits sales, so the price need not be lower."
            )
        return (*sentences, *(_LIMITS[hit] for hit in chosen.hits))

    def dumps(self) -> bytes:
        """The artefact: numbers as text, which runs nothing when it is read."""
        rows = {
            sku: [
                belief.reference,
                *belief.mean,
                *belief.covariance[0],
                *belief.covariance[1],
                self.days[sku],
            ]
            for sku, belief in self.beliefs.items()
        }
        return json.dumps({"kind": "log-log", "articles": rows}, sort_keys=True).encode()

    @classmethod
    def loads(cls, content: bytes) -> "PricingModel":
        """Read an artefact. Raises ``ValueError`` when it is none."""
        made = json.loads(content)
        if not isinstance(made, dict) or made.get("kind") != "log-log":
            raise ValueError("this is no pricing model")
        beliefs, days = {}, {}
        for sku, (reference, level, elasticity, a, b, c, d, count) in made["articles"].items():
            beliefs[sku], days[sku] = Belief(reference, (level, elasticity), ((a, b), (c, d))), int(count)
        return cls(beliefs, days)

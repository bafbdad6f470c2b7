"""What to do with an order, from what each choice is expected to cost (cost-sensitive decisions, Elkan 2001).

There are no fixed thresholds: a small order is let through at a probability at which a large one is held. Nothing
here refuses an order. Amounts are in the currency of the shop.
"""

from dataclasses import dataclass
from typing import Literal

Action = Literal["accept", "review", "hold"]


@dataclass(frozen=True)
class Costs:
    """What a merchant assumes; the defaults suit orders of ten to a few hundred."""

    #: Fee of a chargeback, beside the amount that is lost.
    chargeback: float = 15.0
    #: Minutes of an analyst.
    review: float = 3.0
    #: Part of the amount that a delayed honest customer costs, in trust and cancelled orders.
    delay: float = 0.1
    #: Part of frauds that is found when an analyst looks while the order goes on, and while it waits.
    found_in_review: float = 0.7
    found_on_hold: float = 0.98


@dataclass(frozen=True)
class Choice:
    """The cheapest action and what each would cost on average."""

    action: Action
    expected: dict[str, float]


def choose(*, probability: float, amount: float, costs: Costs, calibrated: bool) -> Choice:
    """The action with the least expected cost; of equal ones the mildest.

    Goods wait only for a probability that is one: points of rules say who is to be looked at, not how often they err.
    """
    loss = probability * (amount + costs.chargeback)
    expected = {
        "accept": loss,
        "review": costs.review + (1 - costs.found_in_review) * loss,
        "hold": costs.review + (1 - costs.found_on_hold) * loss + (1 - probability) * costs.delay * amount,
    }
    actions: tuple[Action, ...] = ("accept", "review", "hold") if calibrated else ("accept", "review")
    return Choice(min(actions, key=lambda action: expected[action]), expected)

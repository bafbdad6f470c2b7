"""What is said of an order while no service answers: two rules that any merchant has. Pure."""

from dataclasses import dataclass
from decimal import Decimal

#: Orders of one customer within a day from which somebody looks.
MANY = 5


@dataclass(frozen=True, slots=True)
class Assessment:
    """A score and what it asks for, in the shape of the service's answer."""

    action: str
    probability: float
    reasons: list[dict[str, object]]


def fallback_assess(*, amount: Decimal, review_from: Decimal, recent: int) -> Assessment:
    """Large orders, and many in a day, go to the queue; goods never wait for a rule as coarse as these."""
    reasons: list[dict[str, object]] = []
    if amount >= review_from:
        text = f"The amount of {amount:.2f} is at least {review_from:.2f}, from which somebody looks."
        reasons.append({"code": "amount_large", "text": text, "weight": 1.0})
    if recent + 1 >= MANY:
        text = f"This is the customer's order number {recent + 1} within 24 hours."
        reasons.append({"code": "velocity_user", "text": text, "weight": 1.0})
    if not reasons:
        nothing = {"code": "nothing", "text": "Nothing about this order stands out.", "weight": 0.0}
        return Assessment("accept", 0.005, [nothing])
    return Assessment("review", 0.05 * len(reasons), reasons)

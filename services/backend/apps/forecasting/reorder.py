"""How much to order: periodic review with a reorder point and an order-up-to level (Silver, Pyke and Thomas, 2017).

No Django here: numbers in, a proposal with its reasons out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WEEK = 7


@dataclass(frozen=True, slots=True)
class Terms:
    """How an article is reordered. An order must last through the lead time and until orders are looked at again."""

    lead_time_days: int
    review_days: int
    service_level: float
    minimum_quantity: int = 1
    pack_size: int = 1
    cover_days: int = 28

    @property
    def protected_days(self) -> int:
        """Days that the stock must last when nothing is ordered today."""
        return self.lead_time_days + self.review_days


@dataclass(frozen=True, slots=True)
class Outlook:
    """What will be asked for: units by week to come, and what suffices for 1, 2, … weeks at each service level."""

    weekly: Sequence[float]
    needs: Sequence[Sequence[float]]
    levels: Sequence[float]

    def expected(self, days: float) -> float:
        """Units that are expected in so many days; the last week known goes on."""
        whole, part = divmod(days / WEEK, 1)
        known = [self._week(week) for week in range(int(whole))]
        return sum(known) + part * self._week(int(whole))

    def sufficing(self, days: float, *, level: float) -> float:
        """Units that last so many days with probability ``level``; beyond what is known the safety stock stays."""
        weeks = days / WEEK
        last = len(self.needs)
        if weeks >= last:
            return self._at(last - 1, level) + self.expected(days) - self.expected(last * WEEK)
        whole, part = divmod(weeks, 1)
        low = self._at(int(whole) - 1, level) if whole else 0.0
        return low + part * (self._at(int(whole), level) - low)

    def _week(self, number: int) -> float:
        return self.weekly[min(number, len(self.weekly) - 1)]

    def _at(self, row: int, level: float) -> float:
        """Between two known service levels on a straight line; outside, the nearest."""
        values, levels = self.needs[row], self.levels
        if level <= levels[0]:
            return values[0]
        for at in range(1, len(levels)):
            if level <= levels[at]:
                part = (level - levels[at - 1]) / (levels[at] - levels[at - 1])
                return values[at - 1] + part * (values[at] - values[at - 1])
        return values[-1]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to order now, and why."""

    quantity: int
    reorder_point: int
    order_up_to: int
    safety_stock: int
    expected: float
    days_left: float | None
    reasons: tuple[str, ...]


def proposal_of(*, available: int, outlook: Outlook, terms: Terms) -> Proposal | None:
    """Nothing while the stock is above the reorder point, or where no sales are expected."""
    days = terms.protected_days
    expected = outlook.expected(days)
    point = math.ceil(round(outlook.sufficing(days, level=terms.service_level), 6))
    if available > point or point <= 0 or outlook.expected(WEEK) <= 0:
        return None
    target = point + math.ceil(round(outlook.expected(terms.cover_days), 6))
    missing = max(target - available, 1)
    wanted = max(missing, terms.minimum_quantity)
    quantity = -(-wanted // terms.pack_size) * terms.pack_size
    days_left = WEEK * available / outlook.expected(WEEK)
    return Proposal(
        quantity=quantity,
        reorder_point=point,
        order_up_to=target,
        safety_stock=max(point - math.floor(expected), 0),
        expected=round(expected, 1),
        days_left=round(days_left, 1),
        reasons=tuple(_reasons(available, outlook, terms, point, quantity, missing, days_left)),
    )


def _reasons(
    available: int, outlook: Outlook, terms: Terms, point: int, quantity: int, missing: int, days_left: float
) -> list[str]:
    pace = outlook.expected(WEEK)
    said = [
        f"{available} can be sold; at {pace:.1f} a week they last {_days(math.floor(days_left))}."
        if available
        else f"It is sold out, and {pace:.1f} a week are expected.",
        f"A delivery takes {_days(terms.lead_time_days)} and orders are looked at every {_days(terms.review_days)}: "
        f"{point} are needed to last that long with {terms.service_level:.0%} certainty.",
        f"{missing} bring it to that and {_days(terms.cover_days)} of sales.",
    ]
    if quantity > missing:
        said.append(
            f"Rounded up to {quantity}: the supplier sells at least {terms.minimum_quantity}, in packs of "
            f"{terms.pack_size}."
        )
    return said


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"

"""Refund arithmetic in whole minor units. Pure: every share is rounded so that all shares add up to the whole."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shares:
    """An amount by what it pays for; ``goods`` has the discount taken off."""

    goods: int = 0
    shipping: int = 0
    tax: int = 0

    @property
    def total(self) -> int:
        """The amount."""
        return self.goods + self.shipping + self.tax

    def __add__(self, other: "Shares") -> "Shares":
        return Shares(self.goods + other.goods, self.shipping + other.shipping, self.tax + other.tax)

    def __sub__(self, other: "Shares") -> "Shares":
        return Shares(self.goods - other.goods, self.shipping - other.shipping, self.tax - other.tax)

    @property
    def all_positive(self) -> bool:
        """Whether no share is below zero."""
        return min(self.goods, self.shipping, self.tax) >= 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order: its units and what they cost together, before discount."""

    id: int
    quantity: int
    total: int


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion to ``weights`` by the largest remainder (Hamilton's method).

    The parts are whole, add up to ``total``, and each is the exact share rounded down or up; ties go to the first.
    ``weights`` are not negative; when all are zero they count as equal.
    """
    if not weights:
        raise ValueError("There is nothing to split between.")
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -(total * weights[index] % whole))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def line_shares(lines: Sequence[Line], *, discount: int, shipping: int, tax: int) -> dict[int, Shares]:
    """Split an order's discount, shipping and tax over its lines, in proportion to their prices; by line id."""
    weights = [line.total for line in lines]
    columns = [allocate(amount, weights) for amount in (discount, shipping, tax)]
    return {
        line.id: Shares(line.total - off, ship, levy)
        for line, off, ship, levy in zip(lines, *columns, strict=True)
    }


def units_shares(whole: Shares, *, quantity: int, units: int, before: int, paid: Shares) -> Shares:
    """The share of ``units`` more of a line of ``quantity``, after ``before`` others for which ``paid`` went back.

    It brings what is returned to the running total of all these units. So any sequence that returns every unit
    returns ``whole`` exactly, and never more on the way, even if some returns failed and were made again.
    Raises ``ValueError`` for more units than are left.
    """
    if not 0 <= before <= before + units <= quantity:
        raise ValueError("More units than the line has.")

    def part(amount: int, returned: int) -> int:
        return max(amount * (before + units) // quantity - returned, 0)

    return Shares(
        part(whole.goods, paid.goods), part(whole.shipping, paid.shipping), part(whole.tax, paid.tax)
    )


def returned_shares(whole: Shares, *, by_lines: Shares, by_amount: int) -> Shares:
    """What all that was returned was paid for: lines by their own shares, other amounts in proportion to the rest.

    A function of what has been returned and not of the order in which it was. No share exceeds the whole's, as long
    as the sum does not.
    """
    rest = whole - by_lines
    return by_lines + Shares(*allocate(by_amount, [rest.goods, rest.shipping, rest.tax]))

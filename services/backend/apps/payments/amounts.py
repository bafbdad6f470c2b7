"""Refund arithmetic in whole minor units. Pure: every share is rounded so that all shares add up to the whole."""

from collections.abc import Mapping, Sequence
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


def units_shares(whole: Shares, *, quantity: int, returned: int, units: int) -> Shares:
    """The share of ``units`` of a line of ``quantity``, after ``returned`` others.

    Taken from the running total, so that any sequence of returns of all units adds up to ``whole`` exactly.
    """
    if not 0 <= returned <= returned + units <= quantity:
        raise ValueError("More units than the line has.")

    def part(amount: int) -> int:
        return amount * (returned + units) // quantity - amount * returned // quantity

    return Shares(part(whole.goods), part(whole.shipping), part(whole.tax))


def amount_shares(amount: int, *, remaining: Shares, wanted: Shares | None = None) -> Shares:
    """Say what an ``amount`` pays back: ``wanted`` if that much is left of each, else in proportion to what is left.

    No share exceeds what remains of it, as long as ``amount`` does not exceed the whole.
    """
    if wanted is not None and (remaining - wanted).all_positive:
        return wanted
    return Shares(*allocate(amount, [remaining.goods, remaining.shipping, remaining.tax]))


def lines_amount(
    wanted: Mapping[int, int],
    *,
    lines: Sequence[Line],
    shares: Mapping[int, Shares],
    returned: Mapping[int, int],
) -> Shares:
    """The shares of ``wanted`` units by line id, after ``returned`` ones. Raises ``ValueError`` for too many."""
    quantities = {line.id: line.quantity for line in lines}
    total = Shares()
    for line_id, units in wanted.items():
        total += units_shares(
            shares[line_id], quantity=quantities[line_id], returned=returned.get(line_id, 0), units=units
        )
    return total

"""Limits that every price keeps which a program proposes. Pure; the pricing service and the shop both apply them.

A price is one number for everybody: nothing here knows a customer. What comes out is either a price that keeps all
limits, or the price that is in force.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class PriceLimits:
    """What a price must keep, in minor units. ``step`` is the largest change within a day, as a fraction.

    ``ending`` asks for prices whose last digits are these (99 with 100: 12.99); 0 of 1 allows any.
    """

    floor: int
    cap: int
    step: float = 0.1
    ending: tuple[int, int] = (9, 10)
    frozen: bool = False


@dataclass(frozen=True)
class Guarded:
    """A price that may be set, and which limits shaped it."""

    price: int
    hits: tuple[str, ...]


def price_range(*, recent: Sequence[int], limits: PriceLimits) -> tuple[int, int]:
    """The lowest and highest price allowed now; empty (low above high) when there is none.

    ``recent`` are all prices in force within the last 24 hours, the current one last: two changes in a day cannot add
    up to more than one step.
    """
    low = max(limits.floor, math.ceil(max(recent) * (1 - limits.step) - 1e-9))
    high = min(limits.cap, math.floor(min(recent) * (1 + limits.step) + 1e-9))
    return low, high


def price_guard(wanted: float, *, recent: Sequence[int], limits: PriceLimits) -> Guarded:
    """The allowed price nearest to ``wanted``; the current one where there is none."""
    current = recent[-1]
    if limits.frozen:
        return Guarded(current, ("frozen",))
    if not limits.floor <= current <= limits.cap:
        return Guarded(current, ("outside_limits",))
    low, high = price_range(recent=recent, limits=limits)
    if low > high or not math.isfinite(wanted):
        return Guarded(current, ("no_room",))
    hits = []
    if wanted < low:
        hits.append("floor" if low == limits.floor else "step")
    elif wanted > high:
        hits.append("cap" if high == limits.cap else "step")
    rounded = _rounded(min(max(wanted, low), high), low, high, limits.ending)
    if rounded is None:
        return Guarded(current, (*hits, "no_round_price"))
    return Guarded(rounded, tuple(hits))


def price_violations(price: int, *, recent: Sequence[int], limits: PriceLimits) -> list[str]:
    """Which limits a new price would break; keeping the current price breaks none."""
    if price == recent[-1]:
        return []
    broken = ["frozen"] if limits.frozen else []
    if price < limits.floor:
        broken.append("floor")
    if price > limits.cap:
        broken.append("cap")
    low, high = price_range(recent=recent, limits=PriceLimits(0, 2**62, limits.step))
    if not low <= price <= high:
        broken.append("step")
    digits, of = limits.ending
    if price % of != digits:
        broken.append("rounding")
    return broken


def _rounded(price: float, low: int, high: int, ending: tuple[int, int]) -> int | None:
    """The number with the right last digits that is nearest to ``price`` and within the range."""
    digits, of = ending
    below = math.floor((price - digits) / of) * of + digits
    allowed = [one for one in (below, below + of) if low <= one <= high and one > 0]
    return min(allowed, key=lambda one: abs(one - price), default=None)

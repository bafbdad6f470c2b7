"""Money as integer minor units with an ISO 4217 currency; decimal strings at the edge, never floats."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from babel.numbers import get_currency_precision

#: Largest amount accepted, in minor units. Far below BIGINT so that sums of many lines stay inside it.
MAX_MINOR = 10**13


@lru_cache(maxsize=256)
def currency_exponent(currency: str) -> int:
    """Number of decimal places of ``currency`` (ISO 4217: 2 for GBP, 0 for JPY, 3 for KWD)."""
    return get_currency_precision(currency)


def minor_to_decimal_string(minor: int, currency: str) -> str:
    """Format minor units for JSON: ``(1234, "GBP") -> "12.34"``."""
    exponent = currency_exponent(currency)
    if exponent == 0:
        return str(minor)
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).zfill(exponent + 1)
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def decimal_to_minor(amount: Decimal | str, currency: str) -> int:
    """Parse an amount exactly. Raises ``ValueError`` if it is no number, too large or finer than the currency."""
    try:
        value = Decimal(amount)
        scaled = value.scaleb(currency_exponent(currency))
    except (InvalidOperation, TypeError) as error:
        raise ValueError("A valid amount is required.") from error
    if not scaled.is_finite() or abs(scaled) > MAX_MINOR:
        raise ValueError("The amount is out of range.")
    if scaled != scaled.to_integral_value():
        raise ValueError(f"At most {currency_exponent(currency)} decimal places are allowed.")
    return int(scaled)


def round_minor(value: Decimal) -> int:
    """Round a fraction of minor units half up, as invoices do."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency. Arithmetic across currencies raises ``ValueError``."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: Decimal | str, currency: str) -> "Money":
        """Build from a decimal string; see :func:`decimal_to_minor` for errors."""
        return cls(decimal_to_minor(amount, currency), currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __mul__(self, factor: int) -> "Money":
        return Money(self.minor * factor, self.currency)

    def __str__(self) -> str:
        return minor_to_decimal_string(self.minor, self.currency)

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"Cannot combine {self.currency} with {other.currency}.")
        return other

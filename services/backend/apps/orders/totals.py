"""What an order costs. Pure arithmetic in minor units; the client never sends an amount."""

from dataclasses import dataclass
from decimal import Decimal

from meshop_shared.money import decimal_to_minor, round_minor


@dataclass(frozen=True, slots=True)
class PriceRules:
    """Shipping in the order's currency and tax as a fraction of the subtotal."""

    shipping_flat: Decimal
    shipping_free_from: Decimal
    tax_rate: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """Amounts of an order in minor units; ``total = subtotal + shipping + tax - discount``."""

    subtotal: int
    shipping: int
    tax: int
    discount: int
    total: int


def totals_compute(*, subtotal: int, currency: str, rules: PriceRules) -> Totals:
    """Apply ``rules`` to a subtotal."""
    free_from = decimal_to_minor(rules.shipping_free_from, currency)
    shipping = 0 if subtotal >= free_from else decimal_to_minor(rules.shipping_flat, currency)
    tax = round_minor(subtotal * rules.tax_rate)
    return Totals(subtotal, shipping, tax, discount=0, total=subtotal + shipping + tax)

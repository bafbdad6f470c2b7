"""Orders out of staged invoices."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial

from babel import Locale
from django.db import connection, transaction

from apps.accounts.countries import country_codes
from apps.accounts.services.imported_customers import imported_customers_ensure
from apps.core.events import event_emit
from apps.orders.imports import statements
from apps.orders.imports.staging import StagedCounts
from apps.orders.numbers import order_number_make
from apps.products.imports.races import repeat_on_race

#: Names of the data that are not those of Unicode CLDR.
_COUNTRY_NAMES = {"EIRE": "IE", "USA": "US", "RSA": "ZA", "KOREA": "KR", "HONG KONG": "HK"}


@dataclass(slots=True)
class HistoryResult:
    """What was added. Lines are those of new orders, items among them those that are goods."""

    orders: int = 0
    lines: int = 0
    items: int = 0


@dataclass(frozen=True, slots=True)
class _Invoice:
    reference: str
    placed_at: datetime
    customer: str
    country: str
    lines: int
    items: int


def orders_import(
    *, staged: StagedCounts, currency: str, batch_size: int, progress: Callable[[int], None]
) -> HistoryResult:
    """Create an order for each staged invoice that is none yet; one that is there is left as it is.

    Delivered and paid, or cancelled and refunded where the old system marks a cancellation (``C…``), as of the day of
    the invoice. No stock moves: what was sold then is not on today's shelf. Each batch commits orders, items,
    customers, timeline and the event that tells of them together.
    """
    total = HistoryResult()
    for start in range(0, staged.invoices, batch_size):
        upto = min(start + batch_size, staged.invoices)
        added = repeat_on_race(partial(_import_batch, start, upto, currency), before_repeat=_nothing)
        total.orders += added.orders
        total.lines += added.lines
        total.items += added.items
        progress(upto - start)
    if total.orders:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE orders_order, orders_orderitem, accounts_user")
    return total


def _nothing() -> None:
    """Nothing is remembered between attempts."""


@transaction.atomic
def _import_batch(after: int, upto: int, currency: str) -> HistoryResult:
    with connection.cursor() as cursor:
        cursor.execute(statements.NEW_INVOICES, {"after": after, "upto": upto})
        invoices = [_Invoice(*row) for row in cursor.fetchall()]
        if not invoices:
            return HistoryResult()
        references = [invoice.reference for invoice in invoices]
        users = _users(invoices)
        cursor.execute(
            statements.INSERT_ORDERS,
            {
                "currency": currency,
                "invoices": references,
                "numbers": [_number(invoice) for invoice in invoices],
                "users": [users.get(invoice.customer) for invoice in invoices],
                "addresses": [json.dumps(_address(invoice)) for invoice in invoices],
                "cancelled": [invoice.reference.startswith("C") for invoice in invoices],
            },
        )
        cursor.execute(statements.INSERT_ITEMS, {"invoices": references})
        items = cursor.rowcount
        cursor.execute(statements.INSERT_EVENTS, {"invoices": references})
        cursor.execute(statements.NEW_IDS, {"invoices": references})
        first, last = cursor.fetchone()
    created = {"first_order_id": first, "last_order_id": last, "created": len(invoices)}
    event_emit(type="orders.imported", aggregate=f"order:{first}", payload=created)
    expected = sum(invoice.items for invoice in invoices)
    if items != expected:
        raise AssertionError(f"{expected} items were staged and {items} inserted")
    return HistoryResult(len(invoices), sum(invoice.lines for invoice in invoices), items)


def _users(invoices: list[_Invoice]) -> dict[str, int]:
    joined: dict[str, datetime] = {}
    for invoice in invoices:
        if invoice.customer:
            earlier = joined.get(invoice.customer, invoice.placed_at)
            joined[invoice.customer] = min(earlier, invoice.placed_at)
    return imported_customers_ensure(joined=joined)


def _number(invoice: _Invoice) -> str:
    return order_number_make(now_ms=int(invoice.placed_at.timestamp() * 1000))


def _address(invoice: _Invoice) -> dict[str, str]:
    code = _country_code(invoice.country)
    return {"country": code} if code else {}


@cache
def _country_code(name: str) -> str:
    """ISO 3166-1 alpha-2 of an English country name, empty when there is none ("Unspecified", "West Indies")."""
    names = {str(text).upper(): code for code, text in Locale("en").territories.items()}
    code = _COUNTRY_NAMES.get(name.upper()) or names.get(name.upper(), "")
    return code if code in country_codes() else ""

"""One invoice line of Online Retail II."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from apps.products.imports.errors import Unusable
from apps.products.imports.readers.fields import price_of, sku_of
from apps.products.imports.retail.rules import DISCOUNT_CODES, SHIPPING_CODES, is_article
from apps.products.imports.source import RawRecord, Source
from apps.products.imports.text import clean_text

MAX_QUANTITY = 2**31 - 1


class LineKind(StrEnum):
    """What a line adds to its order."""

    ITEM = "item"
    SHIPPING = "shipping"
    DISCOUNT = "discount"


@dataclass(slots=True)
class RetailLine:
    """A line that is kept. Quantities of cancellations are negative; ``placed_at`` is taken as UTC."""

    line: int
    kind: LineKind
    invoice: str
    code: str
    description: str
    quantity: int
    price_minor: int
    placed_at: datetime
    customer: str
    country: str

    @property
    def is_sale(self) -> bool:
        """Goods that left the shop, as opposed to goods that came back."""
        return self.kind == LineKind.ITEM and self.quantity > 0


class RetailReader:
    """Reads lines. Postage, carriage and discounts are kept only where there are orders to add them to."""

    def __init__(self, source: Source, *, currency: str, with_orders: bool) -> None:
        index = {name: position for position, name in enumerate(source.columns)}
        self._invoice, self._code, self._description = (
            index["Invoice"],
            index["StockCode"],
            index["Description"],
        )
        self._quantity, self._date, self._price = index["Quantity"], index["InvoiceDate"], index["Price"]
        self._customer, self._country = index.get("Customer ID"), index.get("Country")
        self._currency, self._with_orders = currency, with_orders

    def line(self, record: RawRecord) -> RetailLine:
        """Turn one record into a line. Raises :class:`Unusable`."""
        if record.problem:
            raise Unusable(record.problem)
        cells = record.cells
        code = cells[self._code].strip().upper()
        kind = self._kind(code)
        invoice = cells[self._invoice].strip().upper()
        if not 1 <= len(invoice) <= 64:
            raise Unusable("bad_invoice", invoice[:40])
        quantity = _quantity(cells[self._quantity])
        price = self._price_minor(cells[self._price])
        customer = "" if self._customer is None else cells[self._customer].strip().removesuffix(".0")
        if customer and not (customer.isascii() and customer.isdigit() and len(customer) <= 20):
            raise Unusable("bad_customer", customer[:40])
        return RetailLine(
            line=record.line,
            kind=kind,
            invoice=invoice,
            code=sku_of(code),
            description=clean_text(cells[self._description].strip(" *"), field="Description", limit=200),
            quantity=quantity,
            price_minor=price,
            placed_at=_moment(cells[self._date]),
            customer=customer,
            country="" if self._country is None else cells[self._country].strip()[:100],
        )

    def _kind(self, code: str) -> LineKind:
        if is_article(code):
            return LineKind.ITEM
        if self._with_orders and code in SHIPPING_CODES:
            return LineKind.SHIPPING
        if self._with_orders and code in DISCOUNT_CODES:
            return LineKind.DISCOUNT
        raise Unusable("not_an_article", code[:64])

    def _price_minor(self, text: str) -> int:
        price = _price(text.strip(), self._currency)
        if price == 0:
            raise Unusable("no_price")
        return price


@lru_cache(maxsize=4096)
def _price(text: str, currency: str) -> int:
    return price_of(text, currency)


def _quantity(text: str) -> int:
    try:
        quantity = int(text) if len(text) <= 12 else 0
    except ValueError:
        quantity = 0
    if quantity == 0 or abs(quantity) > MAX_QUANTITY:
        raise Unusable("bad_quantity", text[:40])
    return quantity


@lru_cache(maxsize=4096)
def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError as error:
        raise Unusable("bad_date", text[:40]) from error

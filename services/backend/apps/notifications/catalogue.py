"""The kinds of mail there are: what each is for, what its template can name, and its first words."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_DEFAULTS = Path(__file__).parent / "defaults"

_SHOP = {"name": "Meshop", "url": "https://shop.example"}
_CUSTOMER = {"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com"}
_ORDER = {
    "number": "M-20260102-7K3Q",
    "currency": "GBP",
    "subtotal": "24.00",
    "shipping": "4.95",
    "tax": "0.00",
    "discount": "0.00",
    "total": "28.95",
    "tracking": "",
    "reason": "",
    "items": [
        {"name": "Copper kettle", "sku": "KET-1", "quantity": 2, "unit_price": "12.00", "total": "24.00"}
    ],
    "address": {
        "full_name": "Ada Lovelace",
        "line1": "12 St James's Square",
        "line2": "",
        "city": "London",
        "state": "",
        "postal_code": "SW1Y 4JH",
        "country": "GB",
    },
}
_BASE: dict[str, Any] = {"shop": _SHOP, "customer": _CUSTOMER}
_OF_ORDER = {**_BASE, "order": _ORDER}


@dataclass(frozen=True, slots=True)
class MailKind:
    """One kind of mail. ``sample`` has every variable that the template may use, with plausible values."""

    key: str
    purpose: str
    sample: Mapping[str, Any]

    def default(self, part: str) -> str:
        """The first words: ``subject``, ``text`` or ``html``."""
        return (_DEFAULTS / f"{self.key}.{part}").read_text().rstrip("\n")


MAIL_KINDS: dict[str, MailKind] = {
    kind.key: kind
    for kind in (
        MailKind("order_confirmation", "An order was placed.", _OF_ORDER),
        MailKind("payment_received", "An order was paid.", _OF_ORDER),
        MailKind(
            "order_shipped",
            "An order was handed to the carrier; `order.tracking` may be empty.",
            {**_OF_ORDER, "order": {**_ORDER, "tracking": "1Z999AA10123456784"}},
        ),
        MailKind("order_delivered", "An order arrived.", _OF_ORDER),
        MailKind(
            "order_cancelled",
            "An order was cancelled; `order.reason` may be empty.",
            {**_OF_ORDER, "order": {**_ORDER, "reason": "Changed my mind"}},
        ),
        MailKind("order_expired", "An order was not paid in time.", _OF_ORDER),
        MailKind(
            "refund_sent",
            "Money went back to the customer; `refund.reason` may be empty.",
            {**_OF_ORDER, "refund": {"amount": "12.00", "currency": "GBP", "reason": "One arrived broken"}},
        ),
        MailKind(
            "password_reset",
            "Somebody asked for a new password.",
            {**_BASE, "reset": {"uid": "Nw", "token": "c8k2x1-3f9a", "minutes": 60}},
        ),
    )
}

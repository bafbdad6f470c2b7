"""Digests of who, where and with what: enough to count by, and worthless to whoever reads them."""

import hashlib
import hmac
from ipaddress import IPv4Address, ip_address, ip_network

from django.conf import settings

_LETTERS = 32


def signal_digest(kind: str, value: str) -> str:
    """A digest under the shop's secret: the same value always gives the same one, and nobody else can make it."""
    key = settings.MESHOP.secret_key.get_secret_value().encode()
    return hmac.new(key, f"fraud {kind} {value}".encode(), hashlib.sha256).hexdigest()[:_LETTERS]


def order_signals(
    *, user_id: int | None, address: dict[str, str], ip: str | None, card: str | None
) -> dict[str, str]:
    """Digests of what is known: user, address, network and card."""
    place = " ".join(
        " ".join(str(address.get(name, "")).lower().split()) for name in ("country", "postal_code", "line1")
    )
    values = {
        "user": str(user_id or ""), "address": place.strip(), "ip": network_of(ip or ""), "card": card or "",
    }  # fmt: skip
    return {kind: signal_digest(kind, value) for kind, value in values.items() if value}


def network_of(ip: str) -> str:
    """An IPv4 address as it is; of IPv6 the /64 that a household has. Nothing for what is no address."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ""
    return (
        str(address) if isinstance(address, IPv4Address) else str(ip_network(f"{address}/64", strict=False))
    )

"""Who the client is. Only proxies that are named in the settings are believed about that."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from meshop_gateway.settings import Network

_LONGEST_CHAIN = 50


class ClientAddresses:
    """Finds the address that a request came from, and the key that its limits are counted under."""

    def __init__(self, trusted: Iterable[Network]) -> None:
        self._trusted = tuple(trusted)
        self.is_trusted = lru_cache(maxsize=10_000)(self._is_trusted)

    def find(self, peer: str, forwarded_for: bytes | None) -> str:
        """The nearest address that no trusted proxy vouches for others from.

        ``X-Forwarded-For`` is read from the right, where the nearest proxy wrote, and only as long as the writer is
        trusted: whatever a client put there itself stays to the left of its own address and is never reached.
        """
        if not self._trusted or forwarded_for is None or not self.is_trusted(peer):
            return peer
        client = peer
        for entry in reversed(forwarded_for.decode("latin-1").split(",")[-_LONGEST_CHAIN:]):
            address = _parse(entry)
            if address is None:
                break
            client = str(address)
            if not self.is_trusted(client):
                break
        return client

    def _is_trusted(self, address: str) -> bool:
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self._trusted)


@lru_cache(maxsize=10_000)
def limit_key(client: str) -> str:
    """What the limits of ``client`` are counted under: an IPv6 subscriber owns a whole /64, so that counts as one."""
    parsed = _parse(client)
    if isinstance(parsed, IPv6Address):
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed) if parsed else "unknown"


def _parse(entry: str) -> IPv4Address | IPv6Address | None:
    text = entry.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address

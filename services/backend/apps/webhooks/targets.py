"""Which addresses webhooks may go to (server-side request forgery, OWASP).

A URL is checked when it is given, and the addresses behind its name at each delivery. The connection goes to an
address that was checked and not to the name again: a name that changes between check and use (DNS rebinding) gains
nothing. ``WEBHOOK_TARGETS=any`` lifts all but the rules of form, for development.
"""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from apps.webhooks.errors import TargetRefused

MAX_URL = 2_000
PORTS = frozenset({443, 8443})
_VISIBLE_ASCII = re.compile(r"[!-~]+")
_HOST_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

#: IANA's registry of special addresses, what is not globally reachable or stands for something else.
_REFUSED_4 = [
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
#: All that is handed out. Loopback, link-local, private, multicast, IPv4-mapped and NAT64 are outside of it.
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
#: Inside of it: Teredo and other protocols, documentation, and 6to4, which has any IPv4 address in it.
_REFUSED_6 = [
    ipaddress.IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
]

#: ``(host, port, timeout_s) -> addresses``
Resolver = Callable[[str, int, float], list[str]]


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart."""

    scheme: str
    host: str
    port: int
    #: Path and query, as the request line has them.
    path: str

    @property
    def authority(self) -> str:
        """The ``Host`` header."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": 443, "http": 80}[self.scheme]
        return name if self.port == usual else f"{name}:{self.port}"


def target_parse(url: str) -> Target:
    """Take a URL apart and check its form. Raises :class:`TargetRefused`."""
    if len(url) > MAX_URL or not _VISIBLE_ASCII.fullmatch(url) or "\\" in url:
        raise TargetRefused("Use a URL of visible ASCII characters.")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower().removesuffix("."), parts.port
    except ValueError as error:
        raise TargetRefused("This is not a URL.") from error
    if parts.scheme not in (("https", "http") if _any() else ("https",)):
        raise TargetRefused("Use https.")
    if "@" in parts.netloc:
        raise TargetRefused("Leave out user name and password; the signature tells who is calling.")
    if "#" in url:
        raise TargetRefused("Leave out the fragment.")
    if not (_is_address(host) or _is_name(host)):
        raise TargetRefused("The host is not valid.")
    port = port if port is not None else {"https": 443, "http": 80}[parts.scheme]
    if port not in PORTS and not (_any() and port):
        raise TargetRefused("Use port 443 or 8443.")
    if _is_address(host):
        address_check(host)
    path = parts.path or "/"
    return Target(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path)


def addresses_resolve(target: Target, *, timeout_s: float, resolver: Resolver | None = None) -> list[str]:
    """The addresses behind the name, all of them checked. Raises :class:`TargetRefused` and ``OSError``.

    One refused address refuses the name: nobody means to be reached at a public and a private one.
    """
    addresses = (resolver or system_resolve)(target.host, target.port, timeout_s)
    for address in addresses:
        address_check(address)
    return addresses


def address_check(address: str) -> None:
    """Raise :class:`TargetRefused` unless anybody on the Internet could reach this address."""
    if not _any() and not _is_public(address):
        raise TargetRefused("The host has an address that is not public.")


def system_resolve(host: str, port: int, timeout_s: float) -> list[str]:
    """Ask the system's resolver; it knows no timeout, so it is left behind when it takes too long."""
    answer: list[list[str] | OSError] = []

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.append(list(dict.fromkeys(str(entry[4][0]) for entry in found)))
        except (OSError, UnicodeError) as error:
            answer.append(error if isinstance(error, OSError) else OSError(str(error)))

    thread = threading.Thread(target=ask, name="resolve", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if not answer:
        raise TimeoutError("the name was not resolved in time")
    if isinstance(answer[0], OSError):
        raise answer[0]
    return answer[0]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED_4)
    return address in _UNICAST_6 and not any(address in network for network in _REFUSED_6)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_name(host: str) -> bool:
    """A host name, and not another spelling of an IPv4 address, as ``127.1`` and ``0x7f000001`` are."""
    is_number = _NUMBER.fullmatch(host.rpartition(".")[2])
    return len(host) <= 253 and bool(_HOST_NAME.fullmatch(host)) and not is_number


def _any() -> bool:
    return bool(settings.MESHOP.webhook_targets == "any")

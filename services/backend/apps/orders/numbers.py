"""Order numbers: sortable by time, unique, not guessable (the layout of a ULID, https://github.com/ulid/spec)."""

import secrets
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32, in ASCII order
_TIME_CHARS, _RANDOM_CHARS = 10, 10


def _encode(value: int, length: int) -> str:
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(5 * (length - 1), -1, -5))


def order_number_make(*, now_ms: int | None = None) -> str:
    """Return 20 characters: 50 bits of milliseconds since 1970, then 50 random bits."""
    moment = int(time.time() * 1000) if now_ms is None else now_ms
    return _encode(moment, _TIME_CHARS) + _encode(secrets.randbits(5 * _RANDOM_CHARS), _RANDOM_CHARS)

"""Stripe's webhook signatures: ``t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">``.

Source: https://docs.stripe.com/webhooks#verify-manually. A header may carry several ``v1`` while a secret is being
rotated, and there may be several secrets on our side.
"""

import hashlib
import hmac
from collections.abc import Sequence

from django.conf import settings

from apps.payments.errors import SignatureInvalid

TOLERANCE_S = 300
_MAX_SIGNATURES = 8


def webhook_secrets() -> list[str]:
    """The secrets that webhooks may be signed with, the current one first; the fake provider has one of its own."""
    config = settings.MESHOP
    if config.stripe_webhook_secret is not None:
        return [part.strip() for part in config.stripe_webhook_secret.get_secret_value().split(",")]
    own = hmac.new(config.secret_key.get_secret_value().encode(), b"fake webhooks", hashlib.sha256)
    return [own.hexdigest()]


def signature_make(*, payload: bytes, secret: str, timestamp: int) -> str:
    """Return the header that Stripe would send with ``payload``."""
    return f"t={timestamp},v1={_digest(payload, secret, timestamp)}"


def signature_check(*, payload: bytes, header: str, secrets: Sequence[str], now: float) -> None:
    """Raise :class:`SignatureInvalid` unless one of ``secrets`` signed ``payload`` within the tolerance of ``now``."""
    timestamp, signatures = _parse(header)
    if abs(now - timestamp) > TOLERANCE_S:
        raise SignatureInvalid()
    expected = [_digest(payload, secret, timestamp) for secret in secrets]
    matches = [hmac.compare_digest(one.encode(), other) for one in expected for other in signatures]
    if not any(matches):
        raise SignatureInvalid()


def _digest(payload: bytes, secret: str, timestamp: int) -> str:
    return hmac.new(secret.encode(), b"%d." % timestamp + payload, hashlib.sha256).hexdigest()


def _parse(header: str) -> tuple[int, list[bytes]]:
    timestamp, signatures = "", list[bytes]()
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t":
            timestamp = value
        elif name == "v1" and len(signatures) < _MAX_SIGNATURES:
            signatures.append(value.encode())
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureInvalid()
    return int(timestamp), signatures

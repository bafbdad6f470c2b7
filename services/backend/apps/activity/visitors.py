"""Who a visitor is: a customer by their number, a guest by a digest of the token of their cart.

The token itself opens the cart, so it is not kept with what its holder did.
"""

import hashlib


def visitor_of(*, user_id: int | None, token: str | None) -> str:
    """Name of a visitor; empty for a guest who has no cart yet."""
    if user_id is not None:
        return f"u{user_id}"
    return f"g{hashlib.sha256(token.encode()).hexdigest()[:24]}" if token else ""

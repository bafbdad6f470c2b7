"""What the orders app does when something happens in an app below it."""

from typing import Any

from django.dispatch import receiver

from apps.accounts.models import User
from apps.accounts.signals import user_signed_in
from apps.orders.services.carts import cart_merge


@receiver(user_signed_in)
def merge_guest_cart(sender: Any, *, user: User, cart_token: str | None, **kwargs: Any) -> None:
    """Give the customer what they chose before signing in."""
    if cart_token:
        cart_merge(user_id=user.pk, token=cart_token)

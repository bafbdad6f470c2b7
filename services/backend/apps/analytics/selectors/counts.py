"""How much there is."""

from apps.orders.models import Order


def order_count() -> int:
    """Orders of the shop, for a progress bar."""
    return Order.objects.count()

"""Row locks of this app. Carts before orders, each by primary key, so that nobody deadlocks."""

from apps.orders.errors import OrderNotFound, ReturnNotFound
from apps.orders.models import Cart, Order, ReturnRequest


def cart_lock(*, user_id: int) -> int | None:
    """Lock the user's cart until the transaction ends; return its id, ``None`` if there is none."""
    return Cart.objects.select_for_update().filter(user_id=user_id).values_list("pk", flat=True).first()


def guest_cart_lock(*, token: str) -> int | None:
    """Lock a guest's cart until the transaction ends; return its id, ``None`` if there is none."""
    carts = Cart.objects.select_for_update().filter(token=token, user__isnull=True)
    return carts.values_list("pk", flat=True).first()


def order_lock(*, order_id: int) -> Order:
    """Lock an order until the transaction ends. Raises :class:`OrderNotFound`."""
    order = Order.objects.select_for_update().filter(pk=order_id).first()
    if order is None:
        raise OrderNotFound()
    return order


def return_lock(*, return_id: int) -> ReturnRequest:
    """Lock a return request, with its order, until the transaction ends. Raises :class:`ReturnNotFound`."""
    wanted = ReturnRequest.objects.select_for_update().select_related("order").filter(pk=return_id).first()
    if wanted is None:
        raise ReturnNotFound()
    return wanted

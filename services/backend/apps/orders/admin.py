"""Admin pages of carts and orders. Orders move through services, so their pages are read-only but for actions."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core.admin import ReadOnlyAdmin, ReadOnlyInline
from apps.orders.models import Cart, CartItem, Order, OrderEvent, OrderItem, ReturnRequest
from apps.orders.services.orders import order_cancel, order_deliver, order_ship
from apps.orders.services.returns import return_decide
from meshop_shared.errors import MeshopError


class OrderItemInline(ReadOnlyInline):
    """Lines."""

    model = OrderItem
    fields = ("sku", "name", "quantity", "unit_price_minor", "line_total_minor")


class OrderEventInline(ReadOnlyInline):
    """Timeline."""

    model = OrderEvent
    fields = ("created_at", "type", "message", "actor", "request_id", "trace_id")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders, with the moves that staff make."""

    list_display = ("number", "user", "status", "payment_status", "total_minor", "currency", "created_at")
    list_filter = ("status", "payment_status")
    list_select_related = ("user",)
    search_fields = ("=number", "=user__email", "=import_reference")
    show_full_result_count = False
    inlines = (OrderItemInline, OrderEventInline)
    actions = ("ship", "deliver", "cancel")

    @admin.action(description="Ship", permissions=["fulfil"])
    def ship(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Ship the chosen orders."""
        self._each(request, queryset, lambda order_id, actor: order_ship(order_id=order_id, actor=actor))

    @admin.action(description="Mark as delivered", permissions=["fulfil"])
    def deliver(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Deliver the chosen orders."""
        self._each(request, queryset, lambda order_id, actor: order_deliver(order_id=order_id, actor=actor))

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        """Cancel the chosen orders."""
        self._each(request, queryset, lambda order_id, actor: order_cancel(order_id=order_id, actor=actor))

    def has_fulfil_permission(self, request: HttpRequest) -> bool:
        """May ship and deliver."""
        return request.user.has_perm("orders.fulfil_order")

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """May cancel."""
        return request.user.has_perm("orders.change_order")

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Order], move: Callable[[int, User], object]
    ) -> None:
        assert isinstance(request.user, User)
        for order in queryset:
            try:
                move(order.pk, request.user)
            except MeshopError as error:
                self.message_user(request, f"{order.number}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"{order.number}: done.", messages.SUCCESS)


@admin.register(OrderItem)
class OrderItemAdmin(ReadOnlyAdmin):
    """Lines of all orders."""

    list_display = ("order", "sku", "name", "quantity", "line_total_minor")
    list_select_related = ("order",)
    search_fields = ("=sku", "=order__number")
    show_full_result_count = False


@admin.register(OrderEvent)
class OrderEventAdmin(ReadOnlyAdmin):
    """Timelines of all orders."""

    list_display = ("order", "type", "message", "actor", "created_at")
    list_select_related = ("order", "actor")
    search_fields = ("=order__number", "=request_id", "=trace_id")
    show_full_result_count = False


class CartItemInline(ReadOnlyInline):
    """Lines of a cart."""

    model = CartItem
    raw_id_fields = ("product", "variant")


@admin.register(Cart)
class CartAdmin(ReadOnlyAdmin):
    """Carts; tokens are not shown, for whoever knows one holds the cart."""

    list_display = ("id", "user", "created_at", "updated_at")
    list_select_related = ("user",)
    exclude = ("token",)
    search_fields = ("=user__email",)
    show_full_result_count = False
    inlines = (CartItemInline,)


@admin.register(CartItem)
class CartItemAdmin(ReadOnlyAdmin):
    """Lines of all carts."""

    list_display = ("cart", "product", "variant", "quantity")
    list_select_related = ("cart", "product", "variant")
    show_full_result_count = False


@admin.register(ReturnRequest)
class ReturnRequestAdmin(ReadOnlyAdmin):
    """Return requests, to be decided; the money goes back by a refund of the payment."""

    list_display = ("id", "order", "status", "reason", "created_at", "decided_at")
    list_filter = ("status",)
    list_select_related = ("order",)
    search_fields = ("=order__number",)
    show_full_result_count = False
    actions = ("approve", "reject")

    @admin.action(description="Approve", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[ReturnRequest]) -> None:
        """Approve the chosen requests."""
        self._decide(request, queryset, approve=True)

    @admin.action(description="Reject", permissions=["decide"])
    def reject(self, request: HttpRequest, queryset: QuerySet[ReturnRequest]) -> None:
        """Reject the chosen requests."""
        self._decide(request, queryset, approve=False)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """May approve and reject."""
        return request.user.has_perm("orders.change_returnrequest")

    def _decide(self, request: HttpRequest, queryset: QuerySet[ReturnRequest], *, approve: bool) -> None:
        assert isinstance(request.user, User)
        for row in queryset.order_by("pk"):
            try:
                return_decide(return_id=row.pk, approve=approve, actor=request.user)
            except MeshopError as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"{row}: done.", messages.SUCCESS)

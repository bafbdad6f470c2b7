"""Admin pages of the stock ledger, read-only: stock changes through services, which write movements."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.inventory.models import StockItem, StockMovement, StockReservation


@admin.register(StockItem)
class StockItemAdmin(ReadOnlyAdmin):
    """Levels."""

    list_display = ("sku", "on_hand", "reserved", "available", "updated_at")
    search_fields = ("sku",)
    show_full_result_count = False


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    """Why levels changed."""

    list_display = ("stock_item", "kind", "quantity", "reference", "actor", "created_at")
    list_filter = ("kind",)
    list_select_related = ("stock_item", "actor")
    search_fields = ("reference", "stock_item__sku")
    show_full_result_count = False


@admin.register(StockReservation)
class StockReservationAdmin(ReadOnlyAdmin):
    """What is held for unpaid orders."""

    list_display = ("stock_item", "quantity", "reference", "status", "expires_at")
    list_filter = ("status",)
    list_select_related = ("stock_item",)
    search_fields = ("reference", "stock_item__sku")
    show_full_result_count = False

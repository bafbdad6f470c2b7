"""Admin pages of prices, read-only: they change through the API, which keeps the limits and the audit."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.pricing.models import PriceFreeze, PriceLimit, PriceProposal


@admin.register(PriceProposal)
class PriceProposalAdmin(ReadOnlyAdmin):
    """What was proposed, why, and what became of it."""

    list_display = (
        "id",
        "product",
        "current_minor",
        "proposed_minor",
        "status",
        "source",
        "apply_at",
        "applied_at",
    )
    list_filter = ("status", "source")
    list_select_related = ("product",)
    search_fields = ("=product__sku",)
    show_full_result_count = False


@admin.register(PriceLimit)
class PriceLimitAdmin(ReadOnlyAdmin):
    """Between which prices a program may propose."""

    list_display = ("product", "cost_minor", "floor_minor", "cap_minor", "frozen", "proposed_at")
    list_filter = ("frozen",)
    list_select_related = ("product",)
    search_fields = ("=product__sku",)
    show_full_result_count = False


@admin.register(PriceFreeze)
class PriceFreezeAdmin(ReadOnlyAdmin):
    """The switch."""

    list_display = ("frozen", "note", "actor", "updated_at")

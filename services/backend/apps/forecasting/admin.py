"""Admin pages: forecasts to read, reorder policies to edit."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.forecasting.models import DemandForecast, ReorderPolicy


@admin.register(DemandForecast)
class DemandForecastAdmin(ReadOnlyAdmin):
    """The last forecasts."""

    list_display = ("key", "kind", "source", "method", "made_at")
    list_filter = ("kind", "source")
    search_fields = ("=key",)
    show_full_result_count = False


@admin.register(ReorderPolicy)
class ReorderPolicyAdmin(admin.ModelAdmin):
    """Lead time, service level and lot sizes of single articles."""

    list_display = ("product", "lead_time_days", "service_level", "minimum_quantity", "pack_size")
    raw_id_fields = ("product",)
    search_fields = ("=product__sku", "product__name")
    list_select_related = ("product",)

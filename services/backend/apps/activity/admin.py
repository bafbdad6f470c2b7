"""Admin page."""

from django.contrib import admin

from apps.activity.models import Activity
from apps.core.admin import ReadOnlyAdmin


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    """What visitors looked at and put into their carts."""

    list_display = ("at", "kind", "visitor", "product_id", "quantity")
    list_filter = ("kind",)
    search_fields = ("=visitor", "=product_id")
    ordering = ("-id",)
    show_full_result_count = False

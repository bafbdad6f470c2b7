"""Admin page of scores and reviews."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.fraud.models import FraudReview


@admin.register(FraudReview)
class FraudReviewAdmin(ReadOnlyAdmin):
    """What orders scored, why, and what people decided. Decisions are made through the API, which cancels orders."""

    list_display = ("id", "order", "action", "status", "probability", "source", "fraud", "created_at")
    list_filter = ("status", "action", "source", "fraud")
    list_select_related = ("order",)
    search_fields = ("=order__number",)
    show_full_result_count = False

"""Admin pages of the shared rows, read-only."""

from django.contrib import admin
from django.http import HttpRequest

from apps.core.models import IdempotencyRecord, OutboxEvent


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shows rows that only the system writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody edits them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody deletes them."""
        return False


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    """Events waiting or published."""

    list_display = ("id", "type", "aggregate", "created_at", "published_at")
    list_filter = ("type",)
    search_fields = ("aggregate", "=event_id")
    show_full_result_count = False


@admin.register(IdempotencyRecord)
class IdempotencyRecordAdmin(ReadOnlyAdmin):
    """Stored first answers."""

    list_display = ("scope", "key", "status_code", "created_at")
    search_fields = ("scope", "key")
    show_full_result_count = False

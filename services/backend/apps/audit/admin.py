"""Admin pages of the audit, read-only."""

from django.contrib import admin

from apps.audit.models import AuditEntry, AuditHead
from apps.core.admin import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """What staff did, the latest first."""

    list_display = ("sequence", "at", "actor_label", "action", "target", "before", "after", "request_id")
    list_display_links = ("sequence", "at")
    list_filter = ("action",)
    ordering = ("-sequence",)
    search_fields = ("=target", "=actor_label", "=request_id")
    search_help_text = "Target as order:17, the actor's e-mail, or a request id."
    show_full_result_count = False


@admin.register(AuditHead)
class AuditHeadAdmin(ReadOnlyAdmin):
    """Where the chain ends."""

    list_display = ("sequence", "hash")

"""Admin pages of the shared rows, read-only."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.inbox import retries_replay
from apps.core.models import EventRetry, FaultSwitch, IdempotencyRecord, InboxEvent, OutboxEvent


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


class ReadOnlyInline(admin.TabularInline):
    """Shows rows that belong to the one on the page."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody adds rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody edits them."""
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


@admin.register(InboxEvent)
class InboxEventAdmin(ReadOnlyAdmin):
    """What consumers have applied."""

    list_display = ("id", "event_id", "consumer", "processed_at")
    list_filter = ("consumer",)
    search_fields = ("=event_id",)
    show_full_result_count = False


@admin.register(EventRetry)
class EventRetryAdmin(ReadOnlyAdmin):
    """Deliveries that failed; ``manage.py deadletters`` replays those that were given up."""

    list_display = ("event_id", "consumer", "attempts", "due_at", "is_dead", "error")
    list_filter = ("is_dead", "consumer")
    search_fields = ("=event_id",)
    actions = ("replay",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Who may have deliveries made again."""
        return request.user.has_perm("core.change_eventretry")

    @admin.action(description="Deliver again", permissions=["replay"])
    def replay(self, request: HttpRequest, rows: QuerySet[EventRetry]) -> None:
        """Let the relay send them once more, with all their attempts anew."""
        count = retries_replay(ids=list(rows.values_list("pk", flat=True)))
        self.message_user(request, f"{count} deliveries are on their way.")


@admin.register(FaultSwitch)
class FaultSwitchAdmin(ReadOnlyAdmin):
    """Faults of drills; `manage.py fault` turns them on. Whoever may, ends them here."""

    list_display = ("name", "strength", "until")

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Ending a fault is deleting its row."""
        return request.user.has_perm("core.delete_faultswitch")

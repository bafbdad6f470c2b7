"""Admin pages: the shop's texts, and what customers ask."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.models import User
from apps.audit.recorded_admin import RecordedAdmin
from apps.core.admin import ReadOnlyAdmin
from apps.support.models import Policy, Ticket
from apps.support.services.tickets import ticket_close
from meshop_shared.errors import MeshopError


@admin.register(Policy)
class PolicyAdmin(RecordedAdmin):
    """What the shop promises; the assistant quotes it."""

    list_display = ("slug", "title", "updated_at")
    search_fields = ("title", "body")


@admin.register(Ticket)
class TicketAdmin(ReadOnlyAdmin):
    """Questions to a person. Answered by the API with a text, or closed here after a mail or a call."""

    list_display = ("id", "user", "status", "subject", "created_at", "closed_at")
    list_filter = ("status",)
    list_select_related = ("user",)
    search_fields = ("=user__email", "subject")
    show_full_result_count = False
    actions = ("close",)

    @admin.action(description="Close", permissions=["close"])
    def close(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
        """Close the chosen tickets."""
        assert isinstance(request.user, User)
        for row in queryset.order_by("pk"):
            try:
                ticket_close(ticket_id=row.pk, answer="", actor=request.user)
            except MeshopError as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)
            else:
                self.message_user(request, f"{row}: done.", messages.SUCCESS)

    def has_close_permission(self, request: HttpRequest) -> bool:
        """May answer and close."""
        return request.user.has_perm("support.change_ticket")

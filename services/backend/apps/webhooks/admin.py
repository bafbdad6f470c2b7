"""Admin pages: endpoints, which are written through the services, and what was sent to them."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.forms import SimpleArrayField
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.core.admin import ReadOnlyAdmin, ReadOnlyInline
from apps.webhooks.errors import TargetRefused
from apps.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from apps.webhooks.patterns import patterns_check
from apps.webhooks.services.deliveries import delivery_replay
from apps.webhooks.services.endpoints import (
    MAX_ENDPOINTS,
    endpoint_change,
    endpoint_create,
    endpoint_delete,
    endpoint_secret_rotate,
)
from apps.webhooks.targets import target_parse
from meshop_shared.errors import MeshopError, ValidationFailed

_OVERLAP = timedelta(days=1)


class WebhookEndpointForm(forms.ModelForm):
    """Refuses what the services would refuse."""

    events = SimpleArrayField(forms.CharField(max_length=80), help_text="Types, or patterns, by comma.")

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "description", "events")

    def clean_url(self) -> str:
        """Check the target."""
        url = str(self.cleaned_data["url"])
        try:
            target_parse(url)
        except TargetRefused as error:
            raise forms.ValidationError(error.sentence) from error
        return url

    def clean_events(self) -> list[str]:
        """Check the patterns."""
        try:
            return patterns_check(self.cleaned_data["events"])
        except ValidationFailed as error:
            raise forms.ValidationError(error.extra["fields"]["events"]) from error


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(admin.ModelAdmin):
    """Where events go. A new secret is shown once, above the page that follows."""

    form = WebhookEndpointForm
    list_display = ("url", "events", "is_enabled", "disabled_reason", "consecutive_failures", "paused_until")
    list_filter = ("is_enabled",)
    fields = (
        "url", "description", "events", "is_enabled", "disabled_reason", "disabled_at",
        "consecutive_failures", "paused_until", "previous_secret_until",
    )  # fmt: skip
    readonly_fields = fields[3:]
    actions = ("enable", "disable", "rotate_secret")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """As many as there may be."""
        return super().has_add_permission(request) and WebhookEndpoint.objects.count() < MAX_ENDPOINTS

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        """Write through the service."""
        data = {name: form.cleaned_data[name] for name in WebhookEndpointForm.Meta.fields}
        if change:
            endpoint_change(endpoint_id=obj.pk, **data)
            return
        made = endpoint_create(**data)
        obj.pk = made.pk
        self._show_secret(request, made)

    def delete_model(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        """Delete through the service."""
        endpoint_delete(endpoint_id=obj.pk)

    @admin.action(description="Enable", permissions=["change"])
    def enable(self, request: HttpRequest, endpoints: QuerySet[WebhookEndpoint]) -> None:
        """Send to them again; forget their failures."""
        for endpoint in endpoints:
            endpoint_change(endpoint_id=endpoint.pk, is_enabled=True)

    @admin.action(description="Disable", permissions=["change"])
    def disable(self, request: HttpRequest, endpoints: QuerySet[WebhookEndpoint]) -> None:
        """Send them nothing."""
        for endpoint in endpoints:
            endpoint_change(endpoint_id=endpoint.pk, is_enabled=False)

    @admin.action(
        description="Make a new secret; the old one is valid for another day", permissions=["change"]
    )
    def rotate_secret(self, request: HttpRequest, endpoints: QuerySet[WebhookEndpoint]) -> None:
        """Rotate and show."""
        for endpoint in endpoints:
            self._show_secret(request, endpoint_secret_rotate(endpoint_id=endpoint.pk, overlap=_OVERLAP))

    def _show_secret(self, request: HttpRequest, endpoint: WebhookEndpoint) -> None:
        self.message_user(
            request, f"Secret of {endpoint.url}, shown this once: {endpoint.secret}", messages.WARNING
        )


class WebhookAttemptInline(ReadOnlyInline):
    """Calls of the endpoint."""

    model = WebhookAttempt
    fields = ("number", "started_at", "duration_ms", "status_code", "error", "response")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """What was sent, and what was not."""

    list_display = (
        "id",
        "endpoint",
        "event_type",
        "state",
        "attempts",
        "created_at",
        "delivered_at",
        "error",
    )
    list_filter = ("state", "event_type")
    list_select_related = ("endpoint",)
    search_fields = ("=event_id",)
    show_full_result_count = False
    actions = ("replay",)
    inlines = (WebhookAttemptInline,)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Who may have deliveries made again."""
        return request.user.has_perm("webhooks.change_webhookdelivery")

    @admin.action(description="Replay", permissions=["replay"])
    def replay(self, request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
        """Queue the deliveries again."""
        for delivery in deliveries:
            try:
                delivery_replay(delivery_id=delivery.pk)
            except MeshopError as error:
                self.message_user(request, f"{delivery}: {error.message}", messages.ERROR)

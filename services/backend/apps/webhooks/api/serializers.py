"""Input of the webhook endpoints, and the shapes of their answers for the OpenAPI document."""

from typing import Any

from rest_framework import serializers

from apps.core.api.fields import StrictBooleanField, StrictCharField
from apps.webhooks.models import WebhookDelivery
from apps.webhooks.targets import MAX_URL

MAX_PATTERNS = 50
MAX_OVERLAP_HOURS = 168


class PatternsField(serializers.ListField):
    """Which events an endpoint wants."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            child=StrictCharField(max_length=80),
            allow_empty=False,
            max_length=MAX_PATTERNS,
            help_text="Types of events, or patterns as `order.*` and `*`.",
            **kwargs,
        )


class EndpointCreateInput(serializers.Serializer):
    """Body of ``POST endpoints/``."""

    url = StrictCharField(max_length=MAX_URL, help_text="https, on port 443 or 8443 of a public address.")
    events = PatternsField()
    description = StrictCharField(max_length=200, required=False, allow_blank=True)


class EndpointChangeInput(serializers.Serializer):
    """Body of ``PATCH endpoints/{id}/``."""

    url = StrictCharField(max_length=MAX_URL, required=False)
    events = PatternsField(required=False)
    description = StrictCharField(max_length=200, required=False, allow_blank=True)
    is_enabled = StrictBooleanField(required=False)


class WholeHoursField(serializers.IntegerField):
    """A JSON integer."""

    def to_internal_value(self, data: Any) -> int:
        """Refuse texts, fractions and booleans."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class SecretRotateInput(serializers.Serializer):
    """Body of ``POST endpoints/{id}/rotate-secret/``."""

    overlap_hours = WholeHoursField(
        min_value=0,
        max_value=MAX_OVERLAP_HOURS,
        required=False,
        default=24,
        help_text="How long deliveries are signed with the old secret too.",
    )


class EndpointOutput(serializers.Serializer):
    """An endpoint, and how it has been answering."""

    id = serializers.IntegerField()
    url = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    events = serializers.ListField(child=serializers.CharField())
    is_enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField(allow_blank=True)
    disabled_at = serializers.DateTimeField(allow_null=True)
    consecutive_failures = serializers.IntegerField(min_value=0)
    paused_until = serializers.DateTimeField(allow_null=True)
    previous_secret_until = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class EndpointWithSecretOutput(EndpointOutput):
    """An endpoint with its new secret, which is not shown again."""

    secret = serializers.CharField()


class DeliveryOutput(serializers.Serializer):
    """One event for one endpoint."""

    id = serializers.IntegerField()
    endpoint_id = serializers.IntegerField()
    event_id = serializers.UUIDField()
    event_type = serializers.CharField()
    state = serializers.ChoiceField(choices=WebhookDelivery.State.choices)
    attempts = serializers.IntegerField(min_value=0)
    next_attempt_at = serializers.DateTimeField(allow_null=True, help_text="Set while queued.")
    error = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)


class AttemptOutput(serializers.Serializer):
    """One call of the endpoint."""

    number = serializers.IntegerField(min_value=1)
    started_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField(min_value=0)
    status_code = serializers.IntegerField(allow_null=True)
    response = serializers.CharField(allow_blank=True, help_text="Its first 4,096 bytes.")
    error = serializers.CharField(allow_blank=True)


class DeliveryDetailOutput(DeliveryOutput):
    """A delivery with what was sent and how each attempt ended."""

    body = serializers.CharField(help_text="The JSON text that is sent.")
    attempt_log = AttemptOutput(many=True)


class ReplayedOutput(serializers.Serializer):
    """How many deliveries were queued."""

    queued = serializers.IntegerField(min_value=0)

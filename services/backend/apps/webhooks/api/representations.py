"""Webhooks as JSON-ready dicts. Secrets are in none of them but that of a new one."""

from typing import Any

from apps.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


def endpoint_to_dict(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Shape of :class:`~apps.webhooks.api.serializers.EndpointOutput`."""
    return {
        "id": endpoint.pk,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": endpoint.events,
        "is_enabled": endpoint.is_enabled,
        "disabled_reason": endpoint.disabled_reason,
        "disabled_at": endpoint.disabled_at,
        "consecutive_failures": endpoint.consecutive_failures,
        "paused_until": endpoint.paused_until,
        "previous_secret_until": endpoint.previous_secret_until,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }


def endpoint_with_secret_to_dict(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Shape of :class:`~apps.webhooks.api.serializers.EndpointWithSecretOutput`."""
    return endpoint_to_dict(endpoint) | {"secret": endpoint.secret}


def delivery_to_dict(delivery: WebhookDelivery) -> dict[str, Any]:
    """Shape of :class:`~apps.webhooks.api.serializers.DeliveryOutput`."""
    is_queued = delivery.state == WebhookDelivery.State.QUEUED
    return {
        "id": delivery.pk,
        "endpoint_id": delivery.endpoint_id,
        "event_id": str(delivery.event_id),
        "event_type": delivery.event_type,
        "state": str(delivery.state),
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.next_attempt_at if is_queued else None,
        "error": delivery.error,
        "created_at": delivery.created_at,
        "delivered_at": delivery.delivered_at,
    }


def delivery_detail_to_dict(delivery: WebhookDelivery) -> dict[str, Any]:
    """Shape of :class:`~apps.webhooks.api.serializers.DeliveryDetailOutput`."""
    return delivery_to_dict(delivery) | {
        "body": delivery.body,
        "attempt_log": [attempt_to_dict(attempt) for attempt in delivery.attempt_rows.all()],
    }


def attempt_to_dict(attempt: WebhookAttempt) -> dict[str, Any]:
    """Shape of :class:`~apps.webhooks.api.serializers.AttemptOutput`."""
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "duration_ms": attempt.duration_ms,
        "status_code": attempt.status_code,
        "response": attempt.response,
        "error": attempt.error,
    }

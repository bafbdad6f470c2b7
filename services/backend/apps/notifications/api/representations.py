"""Notifications as JSON-ready dicts."""

from typing import Any

from apps.notifications.models import Notification


def notification_to_dict(notification: Notification) -> dict[str, Any]:
    """Shape of :class:`~apps.notifications.api.serializers.NotificationSerializer`."""
    return {
        "id": notification.pk,
        "kind": notification.kind,
        "title": notification.title,
        "body": notification.body,
        "data": notification.data,
        "is_read": notification.read_at is not None,
        "created_at": notification.created_at,
    }

"""The users' inbox in the shop."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.notifications.errors import NotificationNotFound
from apps.notifications.models import Notification


def notification_add(*, user_id: int, event_id: UUID, kind: str, title: str, data: dict[str, Any]) -> None:
    """Put an entry into a user's inbox. Call inside the transaction of the event."""
    Notification.objects.create(user_id=user_id, event_id=event_id, kind=kind, title=title, data=data)


def notification_read(*, user_id: int, notification_id: int) -> Notification:
    """Mark one of the user's entries as read; the first time counts. Raises :class:`NotificationNotFound`."""
    mine = Notification.objects.filter(pk=notification_id, user_id=user_id)
    mine.filter(read_at__isnull=True).update(read_at=timezone.now())
    notification = mine.first()
    if notification is None:
        raise NotificationNotFound()
    return notification


def notifications_read_all(*, user_id: int) -> int:
    """Mark all of the user's entries as read; return how many were not."""
    return Notification.objects.filter(user_id=user_id, read_at__isnull=True).update(read_at=timezone.now())

"""Reading notifications."""

from django.db.models import QuerySet

from apps.notifications.models import Notification


def notification_list(*, user_id: int, unread_only: bool = False) -> QuerySet[Notification]:
    """A user's inbox."""
    mine = Notification.objects.filter(user_id=user_id)
    return mine.filter(read_at__isnull=True) if unread_only else mine

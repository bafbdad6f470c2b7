"""What can go wrong with notifications, each with its stable code."""

from meshop_shared.errors import NotFound


class NotificationNotFound(NotFound):
    """404: the caller has no such notification."""

    message = "There is no such notification."

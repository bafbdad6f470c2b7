"""Django application configuration."""

from importlib import import_module

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The ``notifications`` app."""

    name = "apps.notifications"

    def ready(self) -> None:
        """Connect the receivers."""
        import_module("apps.notifications.receivers")

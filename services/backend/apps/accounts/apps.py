"""Django application configuration."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The ``accounts`` app."""

    name = "apps.accounts"

    def ready(self) -> None:
        """Let drf-spectacular know our authentication, and connect the receivers."""
        import_module("apps.accounts.api.schema")
        import_module("apps.accounts.receivers")

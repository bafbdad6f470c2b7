"""Django application configuration."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The ``accounts`` app."""

    name = "apps.accounts"

    def ready(self) -> None:
        """Let drf-spectacular know our authentication."""
        import_module("apps.accounts.api.schema")

"""Django application configuration."""

from importlib import import_module

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """The ``orders`` app."""

    name = "apps.orders"

    def ready(self) -> None:
        """Connect the receivers."""
        import_module("apps.orders.receivers")

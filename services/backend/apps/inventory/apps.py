"""Django application configuration."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """The ``inventory`` app."""

    name = "apps.inventory"

"""Django application configuration."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """The ``orders`` app."""

    name = "apps.orders"

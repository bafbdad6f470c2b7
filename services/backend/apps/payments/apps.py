"""Django application configuration."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """The ``payments`` app."""

    name = "apps.payments"

"""Django application configuration."""

from django.apps import AppConfig


class FraudConfig(AppConfig):
    """The ``fraud`` app: what orders scored, and the queue of those that a person decides."""

    name = "apps.fraud"

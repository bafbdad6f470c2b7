"""Django application configuration."""

from django.apps import AppConfig


class HealthConfig(AppConfig):
    """The ``health`` app."""

    name = "apps.health"

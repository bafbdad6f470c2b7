"""Django application configuration."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """The ``analytics`` app."""

    name = "apps.analytics"

"""Django application configuration."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """The ``core`` app."""

    name = "apps.core"

"""Django application configuration."""

from django.apps import AppConfig


class FeaturesConfig(AppConfig):
    """The ``features`` app: it has no tables here; it keeps those of the AI PostgreSQL like the shop."""

    name = "apps.features"

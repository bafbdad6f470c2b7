"""Django application configuration."""

from django.apps import AppConfig


class FeaturesConfig(AppConfig):
    """The ``features`` app: it keeps the AI PostgreSQL like the shop, and shows which models are there."""

    name = "apps.features"
    verbose_name = "AI models"

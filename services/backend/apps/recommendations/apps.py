"""Django application configuration."""

from django.apps import AppConfig


class RecommendationsConfig(AppConfig):
    """The ``recommendations`` app: it has no tables; what it shows comes from a service or from the order lines."""

    name = "apps.recommendations"

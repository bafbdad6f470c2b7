"""Django application configuration."""

from django.apps import AppConfig


class VisualConfig(AppConfig):
    """The ``visual`` app: it has no tables; what it says comes from a service that looks at the shop's pictures."""

    name = "apps.visual"

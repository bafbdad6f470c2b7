"""Django application configuration."""

from django.apps import AppConfig


class ActivityConfig(AppConfig):
    """The ``activity`` app: what visitors look at and put into their carts."""

    name = "apps.activity"

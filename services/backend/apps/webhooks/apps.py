"""Django application configuration."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """The ``webhooks`` app."""

    name = "apps.webhooks"

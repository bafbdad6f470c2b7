"""Django application configuration."""

from django.apps import AppConfig


class SupportConfig(AppConfig):
    """The ``support`` app: what the shop promises, what customers ask a person, and the chat without its service."""

    name = "apps.support"

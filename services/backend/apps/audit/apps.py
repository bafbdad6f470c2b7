"""Django application configuration."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The ``audit`` app."""

    name = "apps.audit"

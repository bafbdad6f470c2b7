"""Django application configuration."""

from django.apps import AppConfig


class ForecastingConfig(AppConfig):
    """The ``forecasting`` app: what will be sold, and what to order for it."""

    name = "apps.forecasting"

"""Django application configuration."""

from django.apps import AppConfig


class PricingConfig(AppConfig):
    """The ``pricing`` app: proposed prices, their limits, and what became of them."""

    name = "apps.pricing"

"""What this app does when something happens elsewhere."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from apps.notifications.services.templates import templates_ensure


@receiver(post_migrate)
def make_templates(sender: AppConfig, **kwargs: Any) -> None:
    """Add the templates that this release brings and the database does not have yet."""
    if sender.label == "notifications":
        templates_ensure()

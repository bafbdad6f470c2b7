"""What this app does when something happens elsewhere."""

from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.management import create_permissions
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from apps.accounts.services.groups import groups_sync


@receiver(post_migrate)
def sync_groups(sender: AppConfig, *, using: str, **kwargs: Any) -> None:
    """Make the staff groups after each ``migrate``; first the permissions of the apps whose turn comes later."""
    if sender.label != "accounts":
        return
    for config in apps.get_app_configs():
        create_permissions(config, verbosity=0, using=using)
    groups_sync()

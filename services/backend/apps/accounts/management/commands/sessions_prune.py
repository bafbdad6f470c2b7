"""``manage.py sessions_prune``: forget sessions whose refresh tokens have all expired."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.accounts.services.sessions import sessions_prune


class Command(BaseCommand):
    """To be run once a day or so."""

    help = "Delete expired sessions with their refresh tokens."

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete, and say how many."""
        self.stdout.write(f"{sessions_prune()} sessions deleted")

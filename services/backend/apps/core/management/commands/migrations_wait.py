"""``manage.py migrations_wait``: hold a pod back until the tables are those that its code knows."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

POLL_S = 2.0


class Command(BaseCommand):
    """One process that asks again and again: starting Django for each look takes the processor from the migration."""

    help = "Wait until every migration of this code is applied; later ones of newer code do not matter."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Return when nothing is left to apply, however long that takes."""
        while (missing := _missing()) != 0:
            state = "no database" if missing is None else f"{missing} to go"
            self.stdout.write(f"waiting for migrations: {state}")
            time.sleep(POLL_S)


def _missing() -> int | None:
    """How many migrations are to be applied; ``None`` while no database answers."""
    try:
        executor = MigrationExecutor(connection)
        return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except OperationalError:
        return None
    finally:
        connection.close()

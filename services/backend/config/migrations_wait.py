"""``python -m config.migrations_wait``: hold a pod back until the tables are those that its code knows.

A program of its own and no command of Django: while a release starts, one runs in every pod, and loading all of Django
in each takes the processor from the migration that they wait for.
"""

import importlib.util
import sys
import time
from pathlib import Path

import psycopg

from config import settings

POLL_S = 2.0
_TIMEOUT_S = 5
_APPLIED = "SELECT app, name FROM django_migrations"

Migration = tuple[str, str]


def migrations_of_code() -> set[Migration]:
    """App and name of every migration of the installed apps, read from the names of their files."""
    found = set()
    for app in settings.INSTALLED_APPS:
        top, *below = app.split(".")
        spec = importlib.util.find_spec(top)
        for place in (spec and spec.submodule_search_locations) or []:
            files = Path(place, *below, "migrations").glob("[!_]*.py")
            found |= {(app.rpartition(".")[2], file.stem) for file in files}
    return found


def migrations_applied(database_url: str) -> set[Migration] | None:
    """Those that the database knows; ``None`` while none answers."""
    try:
        options = f"-c statement_timeout={_TIMEOUT_S * 1000}"
        with psycopg.connect(database_url, connect_timeout=_TIMEOUT_S, options=options) as connection:
            return set(connection.execute(_APPLIED).fetchall())
    except psycopg.errors.UndefinedTable:
        return set()
    except psycopg.OperationalError:
        return None


def main() -> int:
    """Return when nothing is left to apply, however long that takes; later ones of newer code do not matter."""
    wanted = migrations_of_code()
    url = settings.MESHOP.database_url.get_secret_value()
    while (applied := migrations_applied(url)) is None or wanted - applied:
        state = "no database" if applied is None else f"{len(wanted - applied)} to go"
        print(f"waiting for migrations: {state}", flush=True)
        time.sleep(POLL_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())

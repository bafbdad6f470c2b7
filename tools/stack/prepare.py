"""What a database needs before the shop opens: tables, static files, a catalogue, an administrator."""

import secrets
import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

import psycopg
from psycopg import sql

from tools.errors import ToolError
from tools.paths import BACKEND
from tools.processes import source_digest
from tools.stack.config import DEFAULT_ADMIN, StackConfig
from tools.stack.services import BACKEND_SOURCES
from tools.state import StateFolder

PRODUCT_TABLE = "products_product"


class Credentials(NamedTuple):
    """An administrator whose password was made up here and has to be told."""

    email: str
    password: str


def run_manage(
    environment: Mapping[str, str], *arguments: str, text: str | None = None, show: bool = False
) -> str:
    """Run a management command to its end; stop with its last lines when it fails. ``show`` prints as it goes."""
    done = subprocess.run(
        [sys.executable, str(BACKEND / "manage.py"), *arguments],
        env=environment,
        input=text,
        text=True,
        stdout=None if show else subprocess.PIPE,
        stderr=None if show else subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        last = "\n".join(f"  | {line}" for line in (done.stdout or "").splitlines()[-20:])
        raise ToolError(f"manage.py {arguments[0]} failed (exit {done.returncode}).\n{last}".rstrip())
    return done.stdout or ""


def prepare_schema(state: StateFolder, environment: Mapping[str, str], *, new: bool) -> None:
    """Migrate and collect static files; nothing to do while the code is the one that did it last."""
    digest = source_digest(BACKEND_SOURCES)
    if not new and state.remembered("prepared") == digest:
        return
    print("Preparing tables and static files.", flush=True)
    run_manage(environment, "migrate", "--noinput", "--verbosity", "0")
    run_manage(environment, "collectstatic", "--noinput", "--verbosity", "0")
    state.remember("prepared", digest)


def load_catalogue(config: StackConfig, environment: Mapping[str, str]) -> None:
    """Import the file that was named; without one, and without products, grow a demo catalogue."""
    if config.catalog:
        print(f"Importing {config.catalog.name}.", flush=True)
        rejects = config.folder / "logs" / f"{config.catalog.name}.rejects.csv"
        run_manage(environment, "catalog_import", str(config.catalog), "--rejects", str(rejects), show=True)
    elif config.demo_products and is_empty(environment["DATABASE_URL"], PRODUCT_TABLE):
        print(f"Growing a demo catalogue of {config.demo_products} products.", flush=True)
        run_manage(environment, "demo_catalog", "--products", str(config.demo_products), "--seed", "1")


def is_empty(database_url: str, table: str) -> bool:
    """Whether a table has no row."""
    with psycopg.connect(database_url) as connection:
        query = sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(sql.Identifier(table))
        row = connection.execute(query).fetchone()
    return row is not None and not row[0]


def ensure_admin(
    config: StackConfig, state: StateFolder, environment: Mapping[str, str], *, new: bool
) -> Credentials | None:
    """Make the administrator that was asked for, or one with a password that is answered once and kept nowhere."""
    known = None if new else state.remembered("admin")
    email = config.admin_email or known or DEFAULT_ADMIN
    if config.admin_password is None and email == known:
        return None
    password = config.admin_password or secrets.token_urlsafe(12)
    run_manage(environment, "admin_ensure", "--email", email, text=password)
    state.remember("admin", email)
    return None if config.admin_password else Credentials(email, password)

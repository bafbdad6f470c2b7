"""A database and a store for models, and AI services to ask. Services are found by their folder below ``ai``."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit, urlunsplit

import psycopg

from meshop_shared.ai.settings import AiSettings
from tools.paths import AI

SERVICES = sorted(folder.parent.name for folder in AI.glob("*/main.py"))


@contextlib.contextmanager
def ai_database() -> Iterator[str]:
    """Address of an empty database beside that of the shop; it is gone afterwards."""
    address = urlsplit(os.environ["DATABASE_URL"])
    name = f"test_ai_{secrets.token_hex(6)}"
    with psycopg.connect(urlunsplit(address._replace(path="/postgres")), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(address._replace(path=f"/{name}"))
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def ai_settings(
    database_url: str, store: Path, *, service: str | None = None, **choices: object
) -> AiSettings:
    """Settings of a service that looks for models often; of its own class when it is named."""
    values = {"model_poll_s": 0.05, "port": 0, **choices}
    made = settings_class(service) if service else AiSettings
    return made(ai_database_url=database_url, model_store=store.as_uri(), **values)


def settings_class(service: str) -> type[AiSettings]:
    """The one class of settings that a service has."""
    (own,) = (
        value
        for value in vars(ai_module(service, "settings")).values()
        if isinstance(value, type) and issubclass(value, AiSettings) and value is not AiSettings
    )
    return own


def ai_module(service: str, name: str) -> ModuleType:
    """A module of a service."""
    return import_module(f"{service}.{name}")

"""Which models there are: one row for each in the AI PostgreSQL. The bytes are elsewhere (``store``).

Rows never change but for ``promoted_at``: a version is a promise about a digest.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from meshop_shared.ai.settings import LATEST

_CONNECT_TIMEOUT_S = 3
_SCHEMA = """
SELECT pg_advisory_xact_lock(hashtext('meshop_ai schema'));
CREATE TABLE IF NOT EXISTS ai_model (
    name text NOT NULL,
    version text NOT NULL,
    digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
    artefact text NOT NULL,
    data_digest text NOT NULL,
    seed bigint NOT NULL,
    metrics jsonb NOT NULL,
    card text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    promoted_at timestamptz,
    PRIMARY KEY (name, version)
);
CREATE INDEX IF NOT EXISTS ai_model_promoted ON ai_model (name, promoted_at DESC) WHERE promoted_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS ai_decision (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    service text NOT NULL,
    operation text NOT NULL,
    request_id text NOT NULL,
    source text NOT NULL,
    model_version text,
    model_digest text,
    question_digest text NOT NULL,
    answer jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS ai_decision_service ON ai_decision (service, at DESC);
"""
_COLUMNS = "name, version, digest, artefact, data_digest, seed, metrics, card, created_at, promoted_at"


class VersionTaken(Exception):
    """A version of this model is registered already, with another digest."""


@dataclass(frozen=True, kw_only=True)
class RegisteredModel:
    """A row of the registry."""

    name: str
    version: str
    digest: str
    artefact: str
    data_digest: str
    seed: int
    metrics: Mapping[str, Any]
    card: str
    created_at: datetime | None = field(default=None, compare=False)
    promoted_at: datetime | None = field(default=None, compare=False)


class Registry:
    """Reads and writes the table; one short connection for each call, so that a lost server needs no repair."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self._url, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            connection.execute("SET statement_timeout = '10s'")
            yield connection

    def prepare(self) -> None:
        """Create what is missing; safe to call from several processes at once."""
        with self._connection() as connection:
            connection.execute(_SCHEMA)

    def register(self, model: RegisteredModel) -> None:
        """Add a version; again with the same digest changes nothing. Raises :class:`VersionTaken`."""
        with self._connection() as connection:
            connection.execute(
                "INSERT INTO ai_model (name, version, digest, artefact, data_digest, seed, metrics, card)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    model.name, model.version, model.digest, model.artefact, model.data_digest, model.seed,
                    Jsonb(dict(model.metrics)), model.card,
                ),
            )  # fmt: skip
            kept = connection.execute(
                "SELECT digest FROM ai_model WHERE name = %s AND version = %s", (model.name, model.version)
            ).fetchone()
        if kept is None or kept[0] != model.digest:
            raise VersionTaken(f"{model.name} {model.version} is registered with another digest")

    def promote(self, *, name: str, version: str) -> bool:
        """Make a version the one that ``latest`` means; False when there is none."""
        with self._connection() as connection:
            changed = connection.execute(
                "UPDATE ai_model SET promoted_at = clock_timestamp() WHERE name = %s AND version = %s",
                (name, version),
            )
            return changed.rowcount == 1

    def find(self, *, name: str, version: str = LATEST) -> RegisteredModel | None:
        """The named version, promoted or not; or the one promoted last."""
        chosen, values = ("version = %s", (name, version)) if version != LATEST else (
            "promoted_at IS NOT NULL ORDER BY promoted_at DESC LIMIT 1", (name,)
        )  # fmt: skip
        statement = f"SELECT {_COLUMNS} FROM ai_model WHERE name = %s AND {chosen}"  # noqa: S608
        with (
            self._connection() as connection,
            connection.cursor(row_factory=class_row(RegisteredModel)) as cursor,
        ):
            return cursor.execute(statement, values).fetchone()

    def all(self, *, limit: int = 1000) -> list[RegisteredModel]:
        """The newest versions of all models."""
        statement = f"SELECT {_COLUMNS} FROM ai_model ORDER BY created_at DESC LIMIT %s"  # noqa: S608
        with (
            self._connection() as connection,
            connection.cursor(row_factory=class_row(RegisteredModel)) as cursor,
        ):
            return cursor.execute(statement, [limit]).fetchall()

    def decisions_write(self, rows: list[tuple[Any, ...]]) -> None:
        """Append answers to the decision log; columns as in ``decisions``."""
        with self._connection() as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ai_decision (service, operation, request_id, source, model_version, model_digest,"
                " question_digest, answer) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                [(*row[:-1], Jsonb(row[-1])) for row in rows],
            )

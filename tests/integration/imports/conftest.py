"""Running the import as its users do, and looking at what it left."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from apps.core.models import OutboxEvent
from tools.paths import ROOT

SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture
def real_data() -> Callable[[str], Path]:
    """Finds a file of real data, or skips."""

    def find(name: str) -> Path:
        if not (SHARED_DATA / name).is_file():
            pytest.skip(f"imports the real file {name}, which is not shipped: put it into ../shared/data")
        return SHARED_DATA / name

    return find


@pytest.fixture
def catalog_import(tmp_path: Path) -> Callable[..., str]:
    """Runs the command in this process; returns its report."""

    def run(file: Path, *arguments: str, **options: Any) -> str:
        out = StringIO()
        options.setdefault("rejects", tmp_path / "rejects.csv")
        call_command("catalog_import", file, *arguments, stdout=out, **options)
        return out.getvalue()

    return run


@pytest.fixture
def rejected(tmp_path: Path) -> Callable[[], list[tuple[int, str]]]:
    """Reads line numbers and reasons of the rejected lines."""

    def read() -> list[tuple[int, str]]:
        path = tmp_path / "rejects.csv"
        if not path.exists():
            return []
        with path.open(newline="") as file:
            return [(int(row["line"]), row["reason"]) for row in csv.DictReader(file)]

    return read


@pytest.fixture
def start_command() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a management command in a process of its own, on the database of this test."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        database = connection.settings_dict
        url = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "services" / "backend" / "manage.py"), *arguments],
            env={**os.environ, "DATABASE_URL": f"{url}/{database['NAME']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


@pytest.fixture
def own_csv(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file in the shop's own CSV."""

    def write(*rows: str, header: str = "sku,name,price", name: str = "own.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    return write


@pytest.fixture
def own_jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file in the shop's own JSON lines."""

    def write(*articles: dict[str, Any], name: str = "own.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(article) + "\n" for article in articles))
        return path

    return write


def row_counts() -> dict[str, int]:
    """How many rows each table of the shop has."""
    with connection.cursor() as cursor:
        counts = {}
        for table in connection.introspection.table_names(cursor):
            if table.split("_")[0] in {"products", "orders", "inventory", "accounts", "core"}:
                cursor.execute(f'SELECT count(*) FROM "{table}"')
                counts[table] = cursor.fetchone()[0]
    return counts


@pytest.fixture
def counts() -> Callable[[], dict[str, int]]:
    """Counts the rows of every table of the shop."""
    return row_counts


@pytest.fixture
def import_events() -> Callable[[], list[dict[str, Any]]]:
    """Payloads of the events that tell the rest of the shop."""

    def read() -> list[dict[str, Any]]:
        events = OutboxEvent.objects.filter(type="catalogue.imported").order_by("pk")
        return list(events.values_list("payload", flat=True))

    return read

"""Pods wait for their tables."""

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config import migrations_wait

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_knows_the_migrations_that_django_knows():
    assert migrations_wait.migrations_of_code() == set(MigrationLoader(connection).disk_migrations)


def test_it_ends_when_all_are_applied(monkeypatch, capsys):
    wanted = migrations_wait.migrations_of_code()
    one, two, *_ = sorted(wanted)
    answers = iter([None, wanted - {one, two}, wanted - {two}, wanted | {("orders", "9999_of_newer_code")}])
    monkeypatch.setattr(migrations_wait, "migrations_applied", lambda url: next(answers))
    monkeypatch.setattr(migrations_wait, "POLL_S", 0)
    assert migrations_wait.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        "waiting for migrations: no database",
        "waiting for migrations: 2 to go",
        "waiting for migrations: 1 to go",
    ]


def test_it_reads_what_the_database_says():
    database = settings.DATABASES["default"]
    place = f"{database['HOST']}:{database['PORT']}"
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@{place}"
    here = f"{url}/{connection.settings_dict['NAME']}"
    assert migrations_wait.migrations_of_code() <= migrations_wait.migrations_applied(here)
    assert migrations_wait.migrations_applied(f"{url}/template1") == set()
    assert migrations_wait.migrations_applied("postgres://nobody@127.0.0.1:1/none") is None

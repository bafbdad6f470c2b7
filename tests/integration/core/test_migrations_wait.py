"""Pods wait for their tables."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError

from apps.core.management.commands import migrations_wait

pytestmark = pytest.mark.django_db(transaction=True)


def wait(monkeypatch, answers):
    """Wait while the executor has these plans, one after the other; what was printed."""
    plans = iter(answers)

    class Executor(migrations_wait.MigrationExecutor):
        def migration_plan(self, targets, clean_start=False):
            plan = next(plans)
            if isinstance(plan, Exception):
                raise plan
            return plan

    monkeypatch.setattr(migrations_wait, "MigrationExecutor", Executor)
    monkeypatch.setattr(migrations_wait, "POLL_S", 0)
    output = StringIO()
    call_command("migrations_wait", stdout=output)
    return output.getvalue().splitlines()


def test_it_ends_when_all_are_applied(monkeypatch):
    said = wait(monkeypatch, [OperationalError("refused"), ["one", "two"], ["two"], []])
    assert said == [
        "waiting for migrations: no database",
        "waiting for migrations: 2 to go",
        "waiting for migrations: 1 to go",
    ]


def test_tables_of_this_code_are_there():
    output = StringIO()
    call_command("migrations_wait", stdout=output)
    assert output.getvalue() == ""

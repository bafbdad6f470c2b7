"""Rules for every test: marks by folder, reproducible examples, and a sentence instead of a stack trace."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_django
from django.db import connection
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).resolve().parent
KINDS = ("unit", "contract", "integration", "security", "chaos", "e2e")

# The same examples on every machine, and no deadline that a busy one would miss.
settings.register_profile(
    "meshop", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("meshop")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the folder that it is in."""
    for item in items:
        kind = item.path.relative_to(TESTS).parts[0]
        if kind in KINDS:
            item.add_marker(kind)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Before the first test that uses the database: stop with one sentence when there is no server."""
    address = urlsplit(os.environ["DATABASE_URL"])
    try:
        socket.create_connection((str(address.hostname), int(address.port or 5432)), timeout=5).close()
    except OSError:
        pytest.exit("This test needs a database: run it with make test-integration.", returncode=2)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    """Tests that commit leave an empty database behind, which the audit's tables would refuse to become."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_untruncated")
        cursor.execute("ALTER TABLE audit_audithead DISABLE TRIGGER audit_head_untruncated")

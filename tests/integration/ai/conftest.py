"""A registry on PostgreSQL for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from meshop_shared.ai.registry import Registry
from tests.support.ai import ai_database


@pytest.fixture(scope="module")
def ai_database_url() -> Iterator[str]:
    """One for each module: rows are known by their numbers, and every module begins with 0."""
    with ai_database() as url:
        yield url


@pytest.fixture
def registry(ai_database_url: str) -> Registry:
    registry = Registry(ai_database_url)
    registry.prepare()
    with registry._connection() as connection:
        connection.execute("TRUNCATE ai_model, ai_decision")
    return registry


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "models"

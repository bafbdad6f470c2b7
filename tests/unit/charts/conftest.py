"""Charts are tested as Helm renders them."""

from pathlib import Path

import pytest

from tests.support.charts import helm_ensure

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items):
    """The first test may have to build Helm."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(1500))


@pytest.fixture(scope="session", autouse=True)
def helm_program():
    helm_ensure()

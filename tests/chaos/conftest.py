"""A broker of our own that may be killed, and the platform's programs on it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.support.backbone import effects_create
from tests.support.broker import Broker
from tests.support.programs import Programs
from tools.servers import rabbitmq


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    if not rabbitmq.is_available():
        pytest.skip(
            f"{rabbitmq.PACKAGE} is not installed here, and only root can install it: apt-get install it once"
        )
    broker = Broker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def programs(broker: Broker, transactional_db: None, tmp_path: Path) -> Iterator[Programs]:
    """Relays and workers on the test database; all are gone before its tables are emptied."""
    broker.start()
    broker.purge()
    effects_create()
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    programs = Programs(
        tmp_path,
        {
            "DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}",
            "BROKER_URL": broker.server.url(),
            "DJANGO_SETTINGS_MODULE": "tests.support.backbone_settings",
            "PYTHONUNBUFFERED": "1",
        },
    )
    yield programs
    programs.stop_all()

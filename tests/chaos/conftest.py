"""A broker of our own that may be killed, and the platform's programs on it."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from kombu import Connection

from apps.core.broker import queues_all
from tests.support.backbone import effects_create
from tests.support.programs import Programs
from tools.ports import pick_port
from tools.processes import ProcessTable
from tools.servers import rabbitmq
from tools.servers.rabbitmq import RabbitServer


class Broker:
    """A RabbitMQ server that can be killed and started again on its data."""

    def __init__(self, folder: Path) -> None:
        ports: list[int] = []
        for _ in range(3):
            ports.append(pick_port(avoid=frozenset(ports)))
        self.server = RabbitServer(folder / "broker", *ports, password="only-for-this-test-run")
        self._table = ProcessTable(folder, report=lambda _line: None)
        self.server.initialise()

    def start(self) -> None:
        """Return once clients can connect."""
        self._table.ensure([replace(self.server.service(), stop_signal=signal.SIGKILL)])

    def kill(self) -> None:
        """SIGKILL every process of it."""
        self._table.stop()

    def purge(self) -> None:
        """Forget all messages."""
        with Connection(self.server.url()) as connection:
            for queue in queues_all():
                bound = queue(connection.default_channel)
                bound.declare()
                bound.purge()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    if not rabbitmq.is_available():
        pytest.exit("These tests need RabbitMQ: run them with make test-chaos.", returncode=2)
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

"""A RabbitMQ server of our own that may be killed."""

import signal
from dataclasses import replace
from pathlib import Path

from kombu import Connection

from apps.core.broker import queues_all
from tools.ports import pick_port
from tools.processes import ProcessTable
from tools.servers.rabbitmq import RabbitServer


class Broker:
    """A server that can be killed and started again on its data."""

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

"""Handing messages to the broker, and knowing which of them it has."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import structlog
from celery import Celery
from kombu import Connection, Exchange, Message, Producer

from apps.core.broker import DEAD, EVENTS, dead_name, queues_all, routing_key
from meshop_shared.tracing import traceparent_put

#: Task that applies an event; its name is part of every message in the queues.
CONSUME_TASK = "apps.core.tasks.event_consume"
#: Header of a dead letter that says why it was given up.
ERROR = "meshop-error"
TIMEOUT_S = 10.0

log = structlog.get_logger(__name__)


class PublishFailed(Exception):
    """The broker cannot be reached or did not confirm everything; whatever was sent must be sent again."""


class Publisher(Protocol):
    """Where the relay sends events."""

    def send(self, *, consumer: str, queue: str, message: dict[str, Any], attempt: int = 0) -> None:
        """Send an event to one consumer. Raises :class:`PublishFailed`."""

    def send_dead(self, *, consumer: str, queue: str, message: dict[str, Any], error: str) -> None:
        """Send an event to the dead letters of a queue. Raises :class:`PublishFailed`."""

    def confirm(self) -> None:
        """Return once the broker has stored all that was sent. Raises :class:`PublishFailed`."""

    def close(self) -> None:
        """Forget the connection and what is unconfirmed; the next ``send`` opens another."""


class BrokerPublisher:
    """Publishes Celery messages. RabbitMQ confirms them by the batch; Redis has stored what it has answered.

    Not thread-safe. All queues are declared on every new connection, and messages are mandatory: one that reaches
    no queue is a failure and not a loss.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._connection: Connection | None = None
        self._producer: Producer | None = None
        self._sent = 0
        self._unconfirmed: set[int] = set()
        self._refused = False
        transport = app.connection_for_write()
        self._errors: tuple[type[BaseException], ...] = (
            *transport.connection_errors,
            *transport.channel_errors,
            OSError,
        )

    def send(self, *, consumer: str, queue: str, message: dict[str, Any], attempt: int = 0) -> None:
        """Send without waiting for the confirmation."""
        task = self._task(consumer, message, attempt)
        key = routing_key(queue, message["type"])
        self._publish(EVENTS, key, task.body, task.headers, task.properties)

    def send_dead(self, *, consumer: str, queue: str, message: dict[str, Any], error: str) -> None:
        """Send with the error in a header. Replayed, it counts as a repetition, hence the attempt."""
        task = self._task(consumer, message, attempt=1)
        self._publish(DEAD, dead_name(queue), task.body, {**task.headers, ERROR: error}, task.properties)

    def send_again(self, *, queue: str, letter: Message) -> None:
        """Send what a dead letter holds, whatever task it is, back to its queue."""
        headers = {key: value for key, value in letter.headers.items() if not key.startswith("x-")}
        properties = {key: letter.properties.get(key) for key in ("correlation_id", "reply_to")}
        self._publish(EVENTS, routing_key(queue, "replay"), letter.payload, headers, properties)

    def confirm(self) -> None:
        """Wait for all confirmations."""
        deadline = time.monotonic() + TIMEOUT_S
        with self._failures():
            while self._unconfirmed and self._connection is not None:
                self._connection.drain_events(timeout=max(0.01, deadline - time.monotonic()))
        if self._refused:
            self.close()
            raise PublishFailed("the broker refused a message")

    def close(self) -> None:
        """Drop the connection."""
        connection, self._connection, self._producer = self._connection, None, None
        self._unconfirmed, self._sent, self._refused = set(), 0, False
        if connection is not None:
            connection.collect()

    def _task(self, consumer: str, message: dict[str, Any], attempt: int) -> Any:
        task_id = f"{message['id']}:{consumer}"
        arguments = (consumer, message, attempt)
        task = self._app.amqp.as_task_v2(task_id, CONSUME_TASK, arguments, argsrepr=message["type"])
        traceparent_put(task.headers)
        return task

    def _publish(
        self, exchange: Exchange, key: str, body: Any, headers: dict[str, Any], properties: dict[str, Any]
    ) -> None:
        with self._failures():
            self._producer_get().publish(
                body,
                exchange=exchange,
                routing_key=key,
                headers=headers,
                serializer="json",
                mandatory=True,
                retry=False,
                timeout=TIMEOUT_S,
                **properties,
            )
        if self._confirms:
            self._sent += 1
            self._unconfirmed.add(self._sent)

    def _producer_get(self) -> Producer:
        if self._producer is None:
            self._connection = self._app.connection_for_write(
                transport_options={"confirm_publish": False}, heartbeat=0, connect_timeout=5
            )
            channel: Any = self._connection.channel()
            for queue in queues_all():
                queue(channel).declare()
            if self._confirms:
                channel.confirm_select()
                channel.events["basic_ack"].add(self._on_ack)
                channel.events["basic_nack"].add(self._on_nack)
            self._producer = Producer(channel)
            log.info("connected to the broker", broker=self._connection.as_uri())
        return self._producer

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            self.close()
            raise PublishFailed(f"{type(error).__name__}: {error}") from error

    @property
    def _confirms(self) -> bool:
        return self._connection is not None and self._connection.transport.driver_type == "amqp"

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._unconfirmed -= {sent for sent in self._unconfirmed if sent <= tag} if multiple else {tag}

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._refused = True
        self._on_ack(tag, multiple)

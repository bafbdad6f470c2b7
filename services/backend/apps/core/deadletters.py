"""What could not be processed: looking at it, sending it again, throwing it away.

A dead letter is an event whose consumer failed at every attempt, or any message that brought a worker down so often
that RabbitMQ took it out of its queue.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from celery import Celery
from django.db.models import QuerySet
from kombu import Message, Queue

from apps.core.broker import dead_queue
from apps.core.models import EventRetry
from apps.core.publisher import CONSUME_TASK, ERROR, BrokerPublisher

#: Letters fetched at a time; the broker shows them to nobody else meanwhile.
LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead letter, for people. ``event_id``, ``event_type`` and ``consumer`` are empty when it is no event."""

    queue: str
    task: str
    event_id: str
    event_type: str
    consumer: str
    error: str

    @classmethod
    def read(cls, queue: str, letter: Message) -> "DeadLetter":
        """Understand a message."""
        task, error = letter.headers.get("task", ""), letter.headers.get(ERROR) or _reason(letter)
        if task != CONSUME_TASK:
            return cls(queue, task, "", "", "", error)
        consumer, message, *_ = letter.payload[0]
        return cls(queue, task, message["id"], message["type"], consumer, error)


def deadletter_list(*, app: Celery, queue: str) -> list[DeadLetter]:
    """The dead letters of a queue, oldest first. They stay where they are."""
    with _letters(app, queue) as letters:
        return [DeadLetter.read(queue, letter) for letter in letters]


def deadletter_replay(*, app: Celery, queue: str, event_id: str | None = None) -> int:
    """Send dead letters back to their queue, with all their attempts anew; return how many.

    Each is sent before it is taken away. Whoever is interrupted leaves letters that are in both places, which
    does no harm: consumers know events that they have applied.
    """
    publisher, replayed = BrokerPublisher(app), 0
    with _letters(app, queue) as letters:
        for letter in letters:
            description = DeadLetter.read(queue, letter)
            if event_id is not None and description.event_id != event_id:
                continue
            if description.event_id:
                _failures(description).update(attempts=0, is_dead=False)
            publisher.send_again(queue=queue, letter=letter)
            publisher.confirm()
            letter.ack()
            replayed += 1
    publisher.close()
    return replayed


def deadletter_purge(*, app: Celery, queue: str) -> int:
    """Throw the dead letters of a queue away; return how many there were."""
    with _letters(app, queue) as letters:
        for letter in letters:
            description = DeadLetter.read(queue, letter)
            if description.event_id:
                _failures(description).delete()
            letter.ack()
        return len(letters)


def _failures(letter: DeadLetter) -> QuerySet[EventRetry]:
    return EventRetry.objects.filter(event_id=letter.event_id, consumer=letter.consumer)


@contextmanager
def _letters(app: Celery, queue: str) -> Iterator[list[Message]]:
    """All dead letters of a queue. Those that are not acknowledged meanwhile go back to it."""
    with app.connection_for_write() as connection:
        source = _declared(connection.channel(), queue)
        letters: list[Message] = []
        while len(letters) < LIMIT and (letter := source.get(no_ack=False)) is not None:
            letters.append(letter)
        try:
            yield letters
        finally:
            for letter in letters:
                if not letter.acknowledged:
                    letter.requeue()


def _declared(channel: Any, queue: str) -> Queue:
    bound: Queue = dead_queue(queue)(channel)
    bound.declare()
    return bound


def _reason(letter: Message) -> str:
    headers: dict[str, Any] = letter.headers or {}
    deaths = headers.get("x-death") or [{}]
    reason = deaths[0].get("reason", "unknown")
    return "it brought a worker down each time" if reason == "delivery_limit" else str(reason)

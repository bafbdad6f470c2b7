"""Exchanges and queues. One description for RabbitMQ and for Redis, which ignores what it does not have.

Events travel through the topic exchange ``meshop.events`` with the routing key ``<queue>.<event type>``; each queue
takes ``<queue>.#``. What a queue gives up on goes through ``meshop.dead`` to ``<queue>.dead`` and waits for a person.
"""

from kombu import Exchange, Queue

QUEUES = ("default", "email", "webhooks", "index", "analytics", "ai")
EVENTS = Exchange("meshop.events", type="topic", durable=True)
DEAD = Exchange("meshop.dead", type="direct", durable=True)

#: Deliveries after which RabbitMQ takes a message for one that kills workers, and makes it a dead letter.
DELIVERY_LIMIT = 20
_QUORUM = {"x-queue-type": "quorum"}


def routing_key(queue: str, subject: str) -> str:
    """Key that leads to ``queue``; the subject is for people who watch the exchange."""
    return f"{queue}.{subject}"


def dead_name(queue: str) -> str:
    """Where the dead letters of a queue are."""
    return f"{queue}.dead"


def work_queue(name: str) -> Queue:
    """A replicated queue. Its dead letters are kept until their own queue has confirmed them."""
    arguments = {
        **_QUORUM,
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": DEAD.name,
        "x-dead-letter-routing-key": dead_name(name),
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    return Queue(name, EVENTS, routing_key=f"{name}.#", durable=True, queue_arguments=arguments)


def dead_queue(name: str) -> Queue:
    """The dead letters of one queue."""
    return Queue(dead_name(name), DEAD, routing_key=dead_name(name), durable=True, queue_arguments=_QUORUM)


def queues_all() -> list[Queue]:
    """Every queue, those of dead letters first, so that none is missing when it is needed."""
    return [*(dead_queue(name) for name in QUEUES), *(work_queue(name) for name in QUEUES)]

"""Who wants to hear of which events. The table itself is ``config/subscriptions.py``."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.utils.module_loading import import_string

#: Deliveries before an event that keeps failing goes to the dead letters; with the pauses, some four minutes.
ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class Subscription:
    """A consumer: the events it takes, the queue it takes them from, and the function that applies one.

    ``handler`` is the dotted path of ``handler(event: Event) -> None``. It runs in the transaction that marks the
    event as consumed, so what it writes happens exactly once; it must not talk to anything but the database. Work
    with the outside goes into ``transaction.on_commit`` and needs a sweep that finishes what a crash left.
    ``consumer`` is stored with every consumed event: renaming it makes another consumer.
    """

    consumer: str
    #: Event types, or patterns such as ``order.*``.
    events: tuple[str, ...]
    queue: str
    handler: str
    attempts: int = ATTEMPTS
    #: Dotted path of a question to the database: while it answers no, nobody listens and events are not sent at all.
    listens: str = ""

    def is_listening(self) -> bool:
        """Tell whether events committed so far should reach this consumer."""
        return not self.listens or bool(import_string(self.listens)())

    def wants(self, type: str) -> bool:
        """Tell whether events of this type go to this consumer."""
        return any(fnmatchcase(type, pattern) for pattern in self.events)


def subscriptions_for(type: str, subscriptions: Iterable[Subscription]) -> list[Subscription]:
    """Those who want events of this type."""
    return [subscription for subscription in subscriptions if subscription.wants(type)]


def subscription_named(consumer: str, subscriptions: Iterable[Subscription]) -> Subscription:
    """The subscription of a consumer. Raises ``LookupError``."""
    for subscription in subscriptions:
        if subscription.consumer == consumer:
            return subscription
    raise LookupError(f"config/subscriptions.py has no consumer {consumer}")

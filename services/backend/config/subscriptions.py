"""Who consumes which events: the whole wiring between the apps, in one table."""

from apps.core.subscriptions import Subscription

SUBSCRIPTIONS: tuple[Subscription, ...] = ()

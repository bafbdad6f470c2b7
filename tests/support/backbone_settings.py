"""The backend's settings, with consumers that tests can look at instead of the shop's."""

from apps.core.subscriptions import Subscription
from config.settings import *  # noqa: F403

SUBSCRIPTIONS = (
    Subscription("tests.count", ("order.placed",), "default", "tests.support.backbone.effect_count"),
    Subscription(
        "tests.fail", ("order.cancelled",), "default", "tests.support.backbone.effect_refuse", attempts=2
    ),
)

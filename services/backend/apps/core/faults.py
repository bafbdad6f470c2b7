"""Faults on purpose: switches that a drill turns on to see an alert fire and a fallback hold.

Nothing happens unless ``MESHOP_FAULTS=on``, which a public shop refuses to start with. A switch is a row that ends by
itself, so that no drill outlives its terminal. Without the setting each place costs one comparison.
"""

import threading
import time
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from apps.core.models import FaultSwitch

#: Every switch, and what its strength means.
FAULTS = {
    "slow-requests": "seconds that every request of the API takes longer",
    "failing-requests": "share of requests of the API that fail with 500",
    "leak": "megabytes that every request of the API leaves behind",
    "slow-ai": "seconds that every AI service takes longer",
    "stuck-relay": "any: the relay publishes nothing",
    "poison-events": "share of deliveries to `notifications.tell` that fail",
    "lost-mail-server": "any: the mail server takes no connection",
    "late-sweep": "any: unpaid orders are not looked at, as with a clock that is behind",
}
#: Longest that a switch may stay on, seconds.
LONGEST_S = 3600
_LOOK_EVERY_S = 1.0

log = structlog.get_logger(__name__)


class _Seen:
    """What this process last saw of the switches."""

    def __init__(self) -> None:
        self.at, self.active, self.lock = 0.0, dict[str, float](), threading.Lock()


_seen = _Seen()


def fault(name: str) -> float:
    """Strength of a switch that is on now, else 0. Looks at most once a second; one that cannot be read is off."""
    if settings.MESHOP.meshop_faults == "off":
        return 0.0
    with _seen.lock:
        now = time.monotonic()
        if now - _seen.at > _LOOK_EVERY_S:
            _seen.at = now
            try:
                rows = FaultSwitch.objects.filter(until__gt=timezone.now()).values_list("name", "strength")
                _seen.active = dict(rows)
            except DatabaseError as error:
                log.warning("switches cannot be read", error=type(error).__name__)
                _seen.active = {}
        return _seen.active.get(name, 0.0)


def fault_set(*, name: str, strength: float, seconds: float) -> FaultSwitch:
    """Turn a switch on for so long. Raises ``LookupError`` for one that there is not, ``PermissionError`` where
    switches are not allowed, and ``ValueError`` for a strength below 0 or a time beyond an hour.
    """
    if settings.MESHOP.meshop_faults == "off":
        raise PermissionError("faults are off: MESHOP_FAULTS=on allows them, and a public shop refuses that")
    if name not in FAULTS:
        raise LookupError(f"there is no fault {name}; there are: {', '.join(FAULTS)}")
    if strength < 0 or not 0 < seconds <= LONGEST_S:
        raise ValueError(f"a strength is 0 or more, and a fault lasts up to {LONGEST_S} seconds")
    row, _ = FaultSwitch.objects.update_or_create(
        name=name, defaults={"strength": strength, "until": timezone.now() + timedelta(seconds=seconds)}
    )
    log.warning("fault on", fault=name, strength=strength, seconds=seconds)
    return row


def faults_clear() -> int:
    """Turn all switches off; how many there were."""
    count, _ = FaultSwitch.objects.all().delete()
    log.warning("faults off", count=count)
    return count

"""Calling endpoints: at least once, many at a time, none of them waiting for another that does not answer.

The calls run in threads that touch no database; claiming and writing down is done by the thread that started them. A
delivery is made twice only where a process died, or the database went away, between the answer and our commit.
"""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from uuid import UUID

import structlog
from django.conf import settings

from apps.core.failpoints import failpoint
from apps.webhooks.errors import TargetRefused
from apps.webhooks.http_post import Answer, post
from apps.webhooks.services.claims import Parcel, deliveries_claim
from apps.webhooks.services.outcomes import attempt_record
from apps.webhooks.signatures import signature_headers
from apps.webhooks.targets import target_parse

#: Calls at a time in one process.
SLOTS = 32
#: How long a sweep goes on taking deliveries, less than the time to the next; calls under way are still waited for.
SWEEP_S = 4.0

log = structlog.get_logger(__name__)


def deliveries_send_new(*, event_id: UUID) -> int:
    """Make the deliveries of one event whose endpoints are well; return how many."""
    return _send(lambda: deliveries_claim(limit=SLOTS, event_id=event_id))


def deliveries_send_due(*, budget_s: float = SWEEP_S) -> int:
    """Make deliveries whose time has come, until none is left or ``budget_s`` is over; return how many."""
    ends = time.monotonic() + budget_s
    total = 0
    with ThreadPoolExecutor(SLOTS, thread_name_prefix="webhook") as pool:
        running: dict[Future[Answer], tuple[Parcel, datetime]] = {}
        while True:
            if time.monotonic() < ends and len(running) < SLOTS:
                total += _start(pool, deliveries_claim(limit=SLOTS - len(running)), running)
            if not running:
                return total
            _finish(running)


def _send(claim: Callable[[], list[Parcel]]) -> int:
    parcels = claim()
    if not parcels:
        return 0
    with ThreadPoolExecutor(len(parcels), thread_name_prefix="webhook") as pool:
        running: dict[Future[Answer], tuple[Parcel, datetime]] = {}
        _start(pool, parcels, running)
        while running:
            _finish(running)
    return len(parcels)


def _start(
    pool: ThreadPoolExecutor, parcels: list[Parcel], running: dict[Future[Answer], tuple[Parcel, datetime]]
) -> int:
    if parcels:
        failpoint("delivery.claimed")
    for parcel in parcels:
        running[pool.submit(_call, parcel, settings.MESHOP.webhook_timeout_s)] = (parcel, datetime.now(UTC))
    return len(parcels)


def _finish(running: dict[Future[Answer], tuple[Parcel, datetime]]) -> None:
    """Wait for a call to end and write down how."""
    ended, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in ended:
        parcel, started_at = running.pop(future)
        failpoint("delivery.sent")
        attempt_record(parcel=parcel, started_at=started_at, answer=future.result())


def _call(parcel: Parcel, timeout_s: float) -> Answer:
    try:
        target = target_parse(parcel.url)
    except TargetRefused as error:  # the rules have become stricter since the endpoint was made
        return Answer(0, error=error.sentence)
    headers = signature_headers(
        message_id=str(parcel.event_id), timestamp=int(time.time()), body=parcel.body, keys=parcel.keys
    )
    try:
        return post(target, body=parcel.body, headers=headers, timeout_s=timeout_s)
    except Exception as error:  # the edge to the outside: whatever it is, the delivery is tried again
        log.exception("webhook call broke", delivery=parcel.delivery_id)
        return Answer(0, error=f"{type(error).__name__}: {error}"[:300])

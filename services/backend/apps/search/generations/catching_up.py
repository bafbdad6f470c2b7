"""Phase catch up: follow the events that came since the generation was planned.

Consumers write every change to every place there is, the new generation's and the kept one's included. This phase
leaves nothing to their promptness: it reads the outbox itself, marks what the events speak of, and writes what is
marked, in all stores and all generations, until everything that was marked before it began is written.
"""

import time

from django.db.models import Max
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from apps.core.events import Event, event_message
from apps.core.failpoints import failpoint
from apps.core.models import OutboxEvent
from apps.search.consumers import event_mark
from apps.search.errors import EngineUnavailable
from apps.search.generations.journal import generation_get
from apps.search.generations.models import IndexGeneration
from apps.search.generations.planning import outbox_settled
from apps.search.generations.progress import Report, silent
from apps.search.generations.stores import VECTORS as VECTOR_STORE
from apps.search.services import indexing
from apps.search.services.indexing import TEXT, VECTORS, marked_write, products_mark

#: How long changes may take to be written before this gives up and says so.
LIMIT_S = 600.0
_PAUSE_S, _PAUSE_MAX_S = 0.05, 2.0
#: Events of one product are marks of that product; the few others are told to the consumer as they are.
_OF_PRODUCTS = """
SELECT DISTINCT (payload->>'product_id')::bigint, 1 FROM core_outboxevent
WHERE id > %s AND id <= %s AND payload ? 'product_id'
"""
_OTHERS = ("category.changed", "category.deleted", "tag.changed", "catalogue.imported")


def generation_catch_up(*, name: str, report: Report = silent, limit_s: float = LIMIT_S) -> IndexGeneration:
    """Bring every generation to where the rows are; afterwards only what changed during this call may be missing.

    Safe to repeat at any time. Raises ``EngineUnavailable`` when that takes longer than ``limit_s``.
    """
    generation = generation_get(name)
    settled = outbox_settled()
    last = OutboxEvent.objects.aggregate(last=Max("id"))["last"] or 0
    events = events_follow(after=generation.caught_up, last=last)
    failpoint("reindex.events_marked")
    waited = marks_settle(with_vectors=VECTOR_STORE in generation.stores, limit_s=limit_s)
    IndexGeneration.objects.filter(pk=name, caught_up__lt=settled).update(caught_up=settled, updated_at=Now())
    failpoint("reindex.caught_up")
    report(phase="catch_up", generation=name, events=events, last_event=last, seconds=round(waited, 3))
    return generation_get(name)


def events_follow(*, after: int, last: int) -> int:
    """Mark what the events of a stretch of the outbox speak of; how many there were."""
    products_mark(_OF_PRODUCTS, [after, last])
    stretch = OutboxEvent.objects.filter(id__gt=after, id__lte=last)
    for row in stretch.filter(type__in=_OTHERS).order_by("id").iterator():
        event_mark(Event.from_message(event_message(row)))
    return stretch.count()


def marks_settle(*, with_vectors: bool, limit_s: float = LIMIT_S) -> float:
    """Return when everything that was marked before the call has been written; how many seconds that took.

    Works on the marks itself and waits for those that other processes have taken. Raises ``EngineUnavailable``.
    """
    begin, moment = time.monotonic(), TEXT.now()
    vectors_catch_up = (
        import_string("apps.search.vectors.freshness.vectors_catch_up") if with_vectors else None
    )
    pause = _PAUSE_S
    while True:
        done = marked_write(TEXT, indexing.elastic_index, before=moment)
        done += vectors_catch_up(before=moment) if vectors_catch_up else 0
        waiting = TEXT.older_than(moment) + (VECTORS.older_than(moment) if with_vectors else 0)
        taken = time.monotonic() - begin
        if not waiting:
            return taken
        if taken > limit_s:
            raise EngineUnavailable(extra={"reason": "changes are not written", "products": waiting})
        pause = _PAUSE_S if done else min(_PAUSE_MAX_S, pause * 2)
        time.sleep(pause)

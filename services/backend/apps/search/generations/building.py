"""Phase build: bring every product that there was at the beginning into the new generation.

A part of the catalogue is read in id order from a server-side cursor, rendered, and written by a few threads that wait
for the store, so that reading and writing overlap all the way; memory is that of a few batches. After each piece the
position is written to the journal: who goes on after a crash repeats little more than one, which external versions make
harmless.
"""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connections
from django.db.models import F, Sum
from django.db.models.functions import Greatest, Now

from apps.core.failpoints import failpoint
from apps.search.documents import Rendered, documents_streamed
from apps.search.generations.journal import generation_expect, generation_get, generation_move
from apps.search.generations.models import GenerationShard, IndexGeneration
from apps.search.generations.planning import CONTROL
from apps.search.generations.progress import Report, silent
from apps.search.generations.stores import TEXT, GenerationStore, stores_configured
from apps.search.locks import search_lock

#: Products between two notes of the position.
PIECE = 5_000
#: Products of one request. Encoding is what takes time, so its position is noted more often.
BATCH = {"text": 1_000, "vectors": 256}
#: Requests under way at a time. Encoding uses every core by itself.
SENDERS = {"text": 3, "vectors": 1}
_WAITING = 2


def generation_build(
    *, name: str, shard: int | None = None, store: str | None = None, report: Report = silent
) -> IndexGeneration:
    """Build all parts, or part ``shard`` (from 0), in all stores or in one; safe to repeat, goes on where it was.

    Whoever finishes the last part makes the generation quick to search and moves it on to ``built``. Raises
    :class:`GenerationBusy` while another process builds the same part.
    """
    generation = generation_get(name)
    if generation.state not in ("planned",):
        generation_expect(generation, "built", "verified", "swapping", "live", "kept")
        return generation
    stores = stores_configured()
    for part in generation.shards.filter(finished_at=None):
        if shard in (None, part.number) and store in (None, part.store):
            with search_lock(f"{name} {part.store} {part.number}"):
                part.refresh_from_db()
                _build_part(generation, part, stores[part.store], report)
    return _finish(generation, stores, report)


def _build_part(
    generation: IndexGeneration, part: GenerationShard, store: GenerationStore, report: Report
) -> None:
    pace = Pace(generation.option("rate") / generation.option("shards"))
    batches = _batches(part.position, last=part.last, size=BATCH[part.store])
    found = 0
    for rendered in _written(store, generation.name, batches, senders=SENDERS[part.store]):
        found += len(rendered.documents)
        pace.take(len(rendered.documents))
        if found >= PIECE:
            _note(generation, part, pace, position=max(rendered.documents), documents=found, report=report)
            found = 0
    _note(generation, part, pace, position=part.last, documents=found, report=report)


def _batches(position: int, *, last: int, size: int) -> Iterator[Rendered]:
    """All documents from ``position`` on. A cursor holds its rows on disk, hence one for each piece."""
    while position < last:
        found = 0
        for rendered in documents_streamed(position, last=last, limit=PIECE, batch=size):
            yield rendered
            position, found = max(rendered.documents), found + len(rendered.documents)
        if found < PIECE:
            return


def _note(
    generation: IndexGeneration,
    part: GenerationShard,
    pace: "Pace",
    *,
    position: int,
    documents: int,
    report: Report,
) -> None:
    """Remember that everything up to ``position`` is written."""
    failpoint("reindex.piece_written")
    GenerationShard.objects.filter(pk=part.pk).update(
        position=Greatest(F("position"), position),
        documents=F("documents") + documents,
        finished_at=Now() if position >= part.last else None,
    )
    failpoint("reindex.piece_noted")
    part.refresh_from_db()
    report(
        phase="build", generation=generation.name, store=part.store, shard=part.number,
        documents=part.documents, position=part.position, last=part.last, per_second=pace.speed(),
    )  # fmt: skip


def _written(
    store: GenerationStore, generation: str, batches: Iterator[Rendered], *, senders: int
) -> Iterator[Rendered]:
    """Yield batches in their order once they are stored; a few are under way meanwhile."""
    if senders == 1:
        for rendered in batches:
            store.write([generation], rendered)
            yield rendered
        return
    waiting: deque[tuple[Future[None], Rendered]] = deque()
    with ThreadPoolExecutor(senders, thread_name_prefix="sender") as pool:
        for rendered in batches:
            waiting.append((pool.submit(_send, store, generation, rendered), rendered))
            if len(waiting) > senders + _WAITING:
                yield _settled(waiting)
        while waiting:
            yield _settled(waiting)


def _send(store: GenerationStore, generation: str, rendered: Rendered) -> None:
    try:
        store.write([generation], rendered)
    finally:
        connections.close_all()  # those of this thread


def _settled(waiting: deque[tuple[Future[None], Rendered]]) -> Rendered:
    future, rendered = waiting.popleft()
    future.result()
    return rendered


def _finish(
    generation: IndexGeneration, stores: dict[str, GenerationStore], report: Report
) -> IndexGeneration:
    if generation.shards.filter(finished_at=None).exists():
        return generation
    with search_lock(CONTROL):
        generation.refresh_from_db()
        if generation.state == "planned":
            for name in generation.stores:
                stores[name].finish(generation.name, replicas=generation.option("replicas"))
            failpoint("reindex.finished")
            generation_move(generation, "built")
            failpoint("reindex.built")
    documents = generation.shards.filter(store=TEXT).aggregate(all=Sum("documents"))["all"] or 0
    report(phase="build", generation=generation.name, documents=documents, finished=True)
    return generation


class Pace:
    """Keeps a part within its documents a second; 0 is no limit."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._begin, self._all = time.monotonic(), 0

    def take(self, documents: int) -> None:
        """Account for what was written; wait until it was allowed."""
        self._all += documents
        if self._per_second:
            ahead = self._all / self._per_second - (time.monotonic() - self._begin)
            if ahead > 0:
                time.sleep(ahead)

    def speed(self) -> int:
        """Documents a second so far."""
        return round(self._all / max(1e-9, time.monotonic() - self._begin))

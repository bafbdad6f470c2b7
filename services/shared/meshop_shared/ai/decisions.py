"""What was answered, by which model: written down for audits and later evaluation, never in a request's way.

The question is kept as a digest only, since it may hold what a person bought or wrote; the answer is kept whole.
"""

import asyncio
import hashlib
from typing import Any

import structlog
from prometheus_client import Counter
from pydantic import BaseModel

from meshop_shared.ai.answer import Answer
from meshop_shared.ai.registry import Registry

log = structlog.get_logger(__name__)

ANSWERS = Counter("meshop_ai_answers_total", "Answers given.", ["service", "operation", "source"])
LOST = Counter("meshop_ai_decisions_lost_total", "Answers that could not be written down.", ["service"])
_QUEUE = 5_000
_BATCH = 500
_PAUSE_S = 0.5


class DecisionLog:
    """A bounded queue in memory, emptied into the table a few times a second. What does not fit is counted as lost."""

    def __init__(self, *, service: str, registry: Registry | None) -> None:
        self._service, self._registry = service, registry
        self._queue: asyncio.Queue[tuple[Any, ...]] = asyncio.Queue(_QUEUE)

    def record(self, *, operation: str, request_id: str, question: BaseModel, answer: Answer) -> None:
        """Count an answer and remember to write it down."""
        ANSWERS.labels(self._service, operation, answer.source).inc()
        if self._registry is None:
            return
        digest = hashlib.sha256(question.model_dump_json().encode()).hexdigest()
        ref = answer.model
        row = (
            self._service, operation, request_id, answer.source, ref.version if ref else None,
            ref.digest if ref else None, digest, answer.model_dump(mode="json", exclude={"source", "model"}),
        )  # fmt: skip
        try:
            self._queue.put_nowait(row)
        except asyncio.QueueFull:
            LOST.labels(self._service).inc()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(_PAUSE_S)
            await self.flush()

    async def flush(self) -> None:
        """Write all that waits."""
        while not self._queue.empty():
            rows = [self._queue.get_nowait() for _ in range(min(_BATCH, self._queue.qsize()))]
            try:
                assert self._registry is not None
                await asyncio.to_thread(self._registry.decisions_write, rows)
            except Exception as error:  # the log must not stop the service
                LOST.labels(self._service).inc(len(rows))
                log.warning("decisions not written", count=len(rows), error=type(error).__name__)

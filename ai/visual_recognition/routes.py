"""The two questions. Pictures are read and compared in threads, two at a time, so that memory stays bounded."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from fastapi import APIRouter, FastAPI, Request

from meshop_shared.ai.answer import ModelRef
from meshop_shared.ai.decisions import DecisionLog
from meshop_shared.ai.models import Models
from visual_recognition.catalogue import Catalogue
from visual_recognition.colours import colours_named
from visual_recognition.encoder import Describer
from visual_recognition.finding import Found, copies_of, find
from visual_recognition.index import PictureIndex
from visual_recognition.matching import CHECKED
from visual_recognition.model import VisualModel
from visual_recognition.pictures import Limits, PictureInvalid, Pixels, picture_read
from visual_recognition.schemas import (
    CategorySuggestion,
    ColourSuggestion,
    Copy,
    InspectAnswer,
    Match,
    PictureQuestion,
    SearchAnswer,
    SearchQuestion,
)

_AT_ONCE = 2
_SURE = 0.5
AnswerT = TypeVar("AnswerT")


class Eye:
    """What a replica sees with: its index, its way of describing, its limits, and the look at the shop if any."""

    def __init__(
        self, *, index: PictureIndex, describer: Describer, limits: Limits, catalogue: Catalogue | None
    ) -> None:
        self.index, self.describer, self.limits, self.catalogue = index, describer, limits, catalogue

    def model_of(self, models: Models[VisualModel]) -> tuple[VisualModel | None, ModelRef | None]:
        """The current model, unless it learned from vectors of another kind."""
        current = models.current
        if current is None or current.model.descriptor != self.describer.name:
            return None, None
        return current.model, current.ref

    def search(
        self, content: bytes, limit: int, model: VisualModel | None, ref: ModelRef | None
    ) -> SearchAnswer:
        """Find products."""
        found = find(self.index, self.describer.describe(self._read(content)), model)
        items = [
            Match(product_id=shown.product_id, image_id=shown.image_id, score=round(score, 4))
            for shown, score in found.products(limit)
        ]
        confidence = found.confidence(model)
        return SearchAnswer(
            source="model" if ref else "baseline", model=ref, reasons=_reasons(found, confidence), items=items,
            confidence=confidence,
        )  # fmt: skip

    def inspect(self, content: bytes, model: VisualModel | None, ref: ModelRef | None) -> InspectAnswer:
        """Copies, categories and colours."""
        described = self.describer.describe(self._read(content))
        copies = copies_of(self.index.nearest(described.vector, count=CHECKED), described)
        found = find(self.index, described, model)
        confidence = found.confidence(model)
        reasons = [f"looks the same as picture {e.shown[0].image_id}" for e, _ in copies]
        return InspectAnswer(
            source="model" if ref else "baseline", model=ref, reasons=reasons + _reasons(found, confidence),
            duplicates=[
                Copy(product_id=shown.product_id, image_id=shown.image_id, likeness=round(likeness, 4))
                for entry, likeness in copies
                for shown in entry.shown
            ][:100],
            categories=[CategorySuggestion(slug=slug, share=round(share, 4)) for slug, share in found.votes()],
            colours=[
                ColourSuggestion(name=name, share=round(min(share, 1.0), 4))
                for name, share in colours_named(described.palette)
            ],
            confidence=confidence,
        )  # fmt: skip

    def _read(self, content: bytes) -> Pixels:
        return picture_read(content, limits=self.limits)


def routes_build(models: Models[VisualModel], decisions: DecisionLog, *, eye: Eye) -> APIRouter:
    """Routes over the model that is current when a request arrives, and the look at the shop beside them."""
    gate = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if eye.catalogue is None:
            yield
            return
        task = asyncio.create_task(eye.catalogue.watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    router = APIRouter(lifespan=lifespan)

    async def worked(work: Callable[[], AnswerT]) -> AnswerT:
        async with gate:
            return await asyncio.to_thread(work)

    @router.post("/search")
    async def search(question: SearchQuestion, request: Request) -> SearchAnswer:
        """Products that a photo shows."""
        content = _bytes(question)
        model, ref = eye.model_of(models)
        answer = await worked(lambda: eye.search(content, question.limit, model, ref))
        decisions.record(
            operation="search", request_id=request.scope["request_id"], question=question, answer=answer
        )
        return answer

    @router.post("/inspect")
    async def inspect(question: PictureQuestion, request: Request) -> InspectAnswer:
        """Copies of a new picture among those of the shop, and a category and colours for it."""
        content = _bytes(question)
        model, ref = eye.model_of(models)
        answer = await worked(lambda: eye.inspect(content, model, ref))
        decisions.record(
            operation="inspect", request_id=request.scope["request_id"], question=question, answer=answer
        )
        return answer

    return router


def _bytes(question: PictureQuestion) -> bytes:
    try:
        return base64.b64decode(question.image, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PictureInvalid("`image` is not base64.") from error


def _reasons(found: Found, confidence: float | None) -> list[str]:
    if not found.entries:
        return ["no picture of the shop is known yet"]
    if confidence is None:
        return ["nearest by colour and print; how far to trust it was not learned"]
    if confidence < _SURE:
        return ["no confident match"]
    return [f"nearest by colour and print, of the right category with {confidence:.0%}"]

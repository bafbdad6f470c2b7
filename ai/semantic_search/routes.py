"""What is near a text, and what it asks for beside words; and what words customers miss in the catalogue."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from functools import lru_cache

import structlog
from fastapi import APIRouter, FastAPI, Request
from prometheus_client import Gauge

from meshop_shared.ai.decisions import DecisionLog
from meshop_shared.ai.models import Models
from meshop_shared.embeddings.port import TextEncoder
from meshop_shared.fusion import Weights
from semantic_search.catalogue import Catalogue, Vectors
from semantic_search.nearest import Nearest
from semantic_search.schemas import (
    Fusion,
    Hit,
    SearchAnswer,
    SearchQuestion,
    SynonymPair,
    SynonymsAnswer,
    SynonymsQuestion,
)
from semantic_search.synonyms import Synonyms
from semantic_search.understanding import understood

log = structlog.get_logger(__name__)

PRODUCTS = Gauge("meshop_semantic_products", "Products that the service knows.")

#: Weights that were never tuned: of round numbers.
BASELINE = Weights()
_TEXTS_KEPT = 2_000


def routes_build(
    models: Models[Weights],
    decisions: DecisionLog,
    *,
    catalogue: Catalogue,
    nearest: Nearest,
    encoder: TextEncoder,
    poll_s: float,
) -> APIRouter:
    """Routes over the catalogue, which is followed as long as the app runs."""

    @contextlib.asynccontextmanager
    async def following(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(_follow(catalogue, poll_s=poll_s))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    router = APIRouter(lifespan=following)

    @lru_cache(maxsize=_TEXTS_KEPT)
    def vector_of(text: str) -> Vectors:
        vector: Vectors = encoder.encode([text])[0]
        return vector

    def makes_sense(text: str) -> bool:
        return all(catalogue.has(word) or encoder.knows(word) for word in re.findall(r"\w+", text.lower()))

    @router.post("/search")
    async def search(question: SearchQuestion, request: Request) -> SearchAnswer:
        """Products by meaning, and filters found in the text."""
        current = models.current
        said = understood(question.text, values=catalogue.values)
        vector = vector_of(said.text.lower())
        if nearest is catalogue:
            near = catalogue.near(vector, limit=question.limit)
        else:
            near = await asyncio.to_thread(nearest.near, vector, limit=question.limit)
        answer = SearchAnswer(
            source="model" if current else "baseline",
            model=current.ref if current else None,
            reasons=list(said.reasons),
            text=said.text,
            min_price=_shown(said.min_price),
            max_price=_shown(said.max_price),
            in_stock=said.in_stock,
            attributes=dict(said.attributes),
            complete=catalogue.has_all(said.text) or not makes_sense(said.text),
            exact=catalogue.named(question.text),
            fusion=Fusion.model_validate(current.model if current else BASELINE),
            items=[Hit(product_id=product, score=score) for product, score in near],
        )
        decisions.record(
            operation="search", request_id=request.scope["request_id"], question=question, answer=answer
        )
        return answer

    synonyms_kept, one_at_a_time = Synonyms(catalogue=catalogue, encoder=encoder), asyncio.Lock()

    @router.post("/synonyms")
    async def synonyms(question: SynonymsQuestion, request: Request) -> SynonymsAnswer:
        """Words of searched texts that the catalogue lacks, and what they may stand for; new ones take seconds."""
        async with one_at_a_time:
            pairs = await asyncio.to_thread(synonyms_kept.propose, question.texts)
        answer = SynonymsAnswer(
            source="baseline",
            model=None,
            reasons=[f"{pair.word} is like {pair.known}" for pair in pairs],
            items=[SynonymPair.model_validate(pair) for pair in pairs],
        )
        decisions.record(
            operation="synonyms", request_id=request.scope["request_id"], question=question, answer=answer
        )
        return answer

    return router


async def _follow(catalogue: Catalogue, *, poll_s: float) -> None:
    """Keep the catalogue like the table; a lost database is asked again at the next look."""
    prepared = False
    while True:
        try:
            if not prepared:
                await asyncio.to_thread(catalogue.prepare)
                prepared = True
            await asyncio.to_thread(catalogue.follow)
            PRODUCTS.set(len(catalogue))
        except Exception as error:  # whatever it is, what is known goes on answering
            log.warning("catalogue not followed", error=f"{type(error).__name__}: {error}")
        await asyncio.sleep(poll_s)


def _shown(price: Decimal | None) -> str | None:
    return None if price is None else f"{price:.2f}"

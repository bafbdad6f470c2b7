"""The four questions. Without a model the baseline answers with an empty list: callers know their best sellers."""

from typing import Any

import numpy as np
from fastapi import APIRouter, Request

from meshop_shared.ai.decisions import DecisionLog
from meshop_shared.ai.models import Models
from recommendations.histories import Histories
from recommendations.model import EXPOSURE_CAP, Recommended, Recommender
from recommendations.rules import Exposure
from recommendations.schemas import (
    ArticleQuestion,
    CartQuestion,
    ForYouQuestion,
    Item,
    Question,
    RecommendationAnswer,
)

_SENTENCES = {
    "bought": "because the customer bought {because}",
    "viewed": "because the customer viewed {because}",
    "again": "bought before",
    "similar": "similar to {because}",
    "together": "often in the same order as {because}",
    "cart": "goes with {because} in the cart",
    "popular": "popular now",
    "trending": "selling better than before",
}


def routes_build(models: Models[Recommender], decisions: DecisionLog) -> APIRouter:
    """Routes over the model that is current when a request arrives."""
    router = APIRouter()
    exposure = Exposure(cap=EXPOSURE_CAP)

    def answered(operation: str, request: Request, question: Question, items: list[Recommended]) -> Any:
        current = models.current
        answer = RecommendationAnswer(
            source="model" if current else "baseline",
            model=current.ref if current else None,
            reasons=[f"{one.sku}: {_SENTENCES[one.kind].format(because=one.because)}" for one in items],
            items=[Item(sku=one.sku, score=one.score, kind=one.kind, because=one.because) for one in items],
        )
        decisions.record(
            operation=operation, request_id=request.scope["request_id"], question=question, answer=answer
        )
        return answer

    @router.post("/for-you")
    async def for_you(question: ForYouQuestion, request: Request) -> RecommendationAnswer:
        """Articles for one customer."""
        model = models.current.model if models.current else None
        return answered("for_you", request, question, _for_you(model, question, exposure) if model else [])

    @router.post("/similar")
    async def similar(question: ArticleQuestion, request: Request) -> RecommendationAnswer:
        """Articles to look at instead of one."""
        items = []
        if models.current:
            items = models.current.model.similar(
                question.sku, name=question.name, count=question.limit, excluded=frozenset(question.exclude)
            )
        return answered("similar", request, question, items)

    @router.post("/bought-together")
    async def bought_together(question: ArticleQuestion, request: Request) -> RecommendationAnswer:
        """Articles that were in the same orders as one."""
        items = []
        if models.current:
            items = models.current.model.together(
                question.sku, count=question.limit, excluded=frozenset(question.exclude)
            )
        return answered("bought_together", request, question, items)

    @router.post("/cart")
    async def cart(question: CartQuestion, request: Request) -> RecommendationAnswer:
        """Articles that go with a cart."""
        items = []
        if models.current:
            items = models.current.model.cart(
                question.skus, count=question.limit, excluded=frozenset(question.exclude)
            )
        return answered("cart", request, question, items)

    return router


def _for_you(model: Recommender, question: ForYouQuestion, exposure: Exposure) -> list[Recommended]:
    histories, viewed, bought = _histories(model, question)
    numbers = model.numbers
    excluded = {numbers[sku] for sku in question.exclude if sku in numbers} | viewed
    if not question.again:
        return model.for_you(
            histories, viewed=viewed - bought, excluded=frozenset(excluded | bought),
            count=question.limit, exposure=exposure,
        )  # fmt: skip
    just = {int(item) for item in histories.item[histories.days_ago < question.just_bought_days]}
    hidden = {model.catalogue.skus[item] for item in excluded | just}
    listed = model.for_you(
        histories, viewed=viewed - bought, excluded=None,
        count=min(question.limit + len(hidden), 200), exposure=exposure,
    )  # fmt: skip
    return [one for one in listed if one.sku not in hidden][: question.limit]


def _histories(
    model: Recommender, question: ForYouQuestion
) -> tuple[Histories, frozenset[int], frozenset[int]]:
    """History as the model sees it: what was viewed counts as a purchase of this minute, at the usual price."""
    numbers, facts = model.numbers, model.catalogue.facts
    lines = [
        (numbers[line.sku], line.days_ago, line.quantity, line.price, line.order)
        for line in question.bought
        if line.sku in numbers
    ]
    bought = frozenset(line[0] for line in lines)
    viewed = frozenset(numbers[sku] for sku in question.viewed if sku in numbers)
    lines += [
        (item, 0.0, float(np.expm1(facts["pieces"][item])), float(np.exp(facts["price"][item])), -1)
        for item in sorted(viewed - bought)
    ]
    table = np.array(lines, dtype=np.float64).reshape(-1, 5)
    return (
        Histories(
            row=np.zeros(len(table), np.int64),
            item=table[:, 0].astype(np.int64),
            days_ago=table[:, 1].astype(np.float32),
            quantity=table[:, 2].astype(np.float32),
            price=table[:, 3].astype(np.float32),
            basket=np.unique(table[:, 4], return_inverse=True)[1].ravel(),
            count=1,
            items=len(numbers),
        ),
        viewed,
        bought,
    )

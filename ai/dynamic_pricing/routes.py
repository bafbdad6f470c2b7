"""The one question. Without a model every article keeps its price."""

from fastapi import APIRouter, Request

from dynamic_pricing.choosing import Situation
from dynamic_pricing.model import PricingModel, Proposal
from dynamic_pricing.schemas import Article, PriceOut, ProposeAnswer, ProposeQuestion
from meshop_shared.ai.decisions import DecisionLog
from meshop_shared.ai.models import Models
from meshop_shared.price_guards import PriceLimits

_NO_MODEL = "No model is trained: prices stay as they are."


def routes_build(models: Models[PricingModel], decisions: DecisionLog) -> APIRouter:
    """Routes over the model that is current when a request arrives."""
    router = APIRouter()
    nothing = PricingModel({}, {})

    @router.post("/propose")
    async def propose(question: ProposeQuestion, request: Request) -> ProposeAnswer:
        """Propose prices within their limits."""
        current = models.current
        model = current.model if current else nothing
        items = [
            _item(article, model.propose(article.sku, _situation(article), seed=question.seed))
            for article in question.articles
        ]
        reasons = [f"{item.sku}: {' '.join(item.reasons)}" for item in items] if current else [_NO_MODEL]
        answer = ProposeAnswer(
            source="model" if current else "baseline",
            model=current.ref if current else None,
            reasons=reasons,
            items=items,
        )
        decisions.record(
            operation="propose", request_id=request.scope["request_id"], question=question, answer=answer
        )
        return answer

    return router


def _situation(article: Article) -> Situation:
    limits = PriceLimits(
        floor=article.floor, cap=article.cap, step=article.step, ending=(article.ending, article.ending_of),
        frozen=article.frozen,
    )  # fmt: skip
    return Situation(tuple(article.recent), article.cost, article.stock, article.days, limits)


def _item(article: Article, proposal: Proposal) -> PriceOut:
    chosen, elasticity = proposal.chosen, proposal.elasticity or (None, None, None)
    return PriceOut(
        sku=article.sku, price=proposal.price, current=article.recent[-1],
        units=chosen.units if chosen else None, units_now=chosen.units_now if chosen else None,
        margin=chosen.margin if chosen else None, margin_now=chosen.margin_now if chosen else None,
        elasticity=elasticity[0], elasticity_low=elasticity[1], elasticity_high=elasticity[2],
        limits=list(proposal.hits), reasons=list(proposal.reasons),
    )  # fmt: skip

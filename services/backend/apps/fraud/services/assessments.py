"""Scoring an order: ask the service within its deadline, else the rules here; then write down what was said."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.core.ai_client import AiUnavailable, ai_ask
from apps.fraud.models import FraudReview
from apps.fraud.rules import fallback_assess
from apps.fraud.selectors import OrderFacts, order_facts_get, signals_known
from apps.fraud.signals import order_signals
from apps.orders.services.holds import order_hold
from meshop_shared.money import minor_to_decimal_string

SERVICE = "fraud_detection"
_STRICTNESS = {"accept": 0, "review": 1, "hold": 2}
log = structlog.get_logger(__name__)

Action, Status = FraudReview.Action, FraudReview.Status


def order_assess(*, order_id: int, ip: str | None = None, card: str | None = None) -> FraudReview | None:
    """Score an order with what is known by now; must not be called in a transaction, for it asks a service.

    Called at checkout, and again once the card is known: a later score can ask for more, never for less, and changes
    nothing that a person has decided. Never raises for the service's sake; None for an order that is gone.
    """
    facts = order_facts_get(order_id=order_id)
    if facts is None:
        return None
    made = order_signals(user_id=facts.user_id, address=facts.address, ip=ip, card=card)
    signals = signals_known(order_id=order_id) | made
    amount = Decimal(minor_to_decimal_string(facts.total_minor, facts.currency))
    return _keep(facts, signals, _answer(facts, amount, signals))


def _answer(facts: OrderFacts, amount: Decimal, signals: dict[str, str]) -> dict[str, Any]:
    question = {
        "order": str(facts.order_id), "at": facts.placed_at.timestamp(), "amount": float(amount), **signals,
    }  # fmt: skip
    try:
        answer = ai_ask(SERVICE, "/v1/score", question)
        return {
            "action": Action(answer["action"]), "probability": float(answer["probability"]), "source": answer["source"],
            "model": answer["model"], "expected_costs": answer["expected_costs"],
            "reasons": answer["details"] or [{"code": "nothing", "text": answer["reasons"][0], "weight": 0.0}],
        }  # fmt: skip
    except AiUnavailable:
        pass
    except (KeyError, ValueError, TypeError, IndexError):
        log.warning("answer of the fraud service makes no sense", order=facts.order_id)
    found = fallback_assess(
        amount=amount, review_from=settings.MESHOP.fraud_review_amount, recent=facts.recent
    )
    return {
        "action": Action(found.action), "probability": found.probability, "source": FraudReview.Source.FALLBACK,
        "model": None, "expected_costs": {}, "reasons": found.reasons,
    }  # fmt: skip


@transaction.atomic
def _keep(facts: OrderFacts, signals: dict[str, str], answer: dict[str, Any]) -> FraudReview:
    review, fresh = FraudReview.objects.select_for_update().get_or_create(
        order_id=facts.order_id,
        defaults={
            **answer,
            "signals": signals,
            "status": _status(answer["action"]),
            "created_at": timezone.now(),
        },
    )
    if not fresh:
        if review.status in (Status.APPROVED, Status.REJECTED):
            return review
        review.signals = signals
        if _STRICTNESS[answer["action"]] >= _STRICTNESS[review.action]:
            for name, value in answer.items():
                setattr(review, name, value)
            review.status = _status(review.action)
        review.updated_at = timezone.now()
        review.save()
    if review.action == Action.HOLD:
        until = review.created_at + timedelta(hours=settings.MESHOP.fraud_hold_hours)
        order_hold(order_id=facts.order_id, until=until)
    return review


def _status(action: str) -> str:
    return Status.CLEARED if action == Action.ACCEPT else Status.OPEN

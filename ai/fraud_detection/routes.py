"""The two questions. Without a model the rules answer; without Redis, what is known of the order alone."""

from typing import Any

import numpy as np
import structlog
from fastapi import APIRouter, Request
from prometheus_client import Counter, Gauge
from redis.exceptions import RedisError

from fraud_detection.costs import Costs, choose
from fraud_detection.drift import ALARM, Drift
from fraud_detection.features import NAMES, Past, row_of
from fraud_detection.model import WATCHED, FraudModel
from fraud_detection.reasons import NOTHING, Reason, reasons_of, rule_reasons
from fraud_detection.rules import points_of, probability_of
from fraud_detection.schemas import FeedbackAnswer, FeedbackQuestion, ReasonOut, ScoreAnswer, ScoreQuestion
from fraud_detection.velocity import Velocity
from meshop_shared.ai.answer import Source
from meshop_shared.ai.decisions import DecisionLog
from meshop_shared.ai.models import Loaded, Models
from meshop_shared.errors import ServiceUnavailable

log = structlog.get_logger(__name__)

ACTIONS = Counter("meshop_fraud_actions_total", "Orders by what is to be done.", ["source", "action"])
LABELS = Counter("meshop_fraud_labels_total", "Orders whose truth became known.", ["fraud"])
PSI = Gauge("meshop_fraud_psi", "Population stability index of the latest orders.", ["feature"])
DRIFTING = Gauge("meshop_fraud_drift_alarm", "1 while the score or a feature has drifted.")
_LOOK_EVERY = 50
_WATCHED = {name: NAMES.index(name) for name in WATCHED}


class Watch:
    """Compares what is scored with what the current model learned from. Not thread-safe: one event loop."""

    def __init__(self) -> None:
        self._of: str | None = None
        self._drift: Drift | None = None
        self._seen = 0

    def observe(self, current: Loaded[FraudModel], row: np.ndarray, probability: float) -> None:
        """Take one order into account; metrics follow every few orders."""
        if self._of != current.ref.digest or self._drift is None:
            self._of, self._drift, self._seen = current.ref.digest, Drift(current.model.reference), 0
        self._drift.observe(
            {"score": probability} | {name: float(row[place]) for name, place in _WATCHED.items()}
        )
        self._seen += 1
        if self._seen % _LOOK_EVERY == 0 and (indices := self._drift.indices()):
            for name, value in indices.items():
                PSI.labels(name).set(value)
            worst = max(indices, key=lambda name: indices[name])
            DRIFTING.set(indices[worst] >= ALARM)
            if indices[worst] >= ALARM:
                log.warning("orders have drifted", feature=worst, psi=round(indices[worst], 3))


def routes_build(
    models: Models[FraudModel], decisions: DecisionLog, *, velocity: Velocity, costs: Costs
) -> APIRouter:
    """Routes over the model that is current when a request arrives."""
    router = APIRouter()
    watch = Watch()

    @router.post("/score")
    async def score(question: ScoreQuestion, request: Request) -> ScoreAnswer:
        """Score an order and say what to do with it."""
        past, counted = await _past(velocity, question)
        row = row_of(at=question.at, amount=question.amount, past=past)
        current = models.current if counted else None
        if current is not None:
            scored = current.model.score(row)
            probability, found = scored.probability, reasons_of(row, scored.contributions)
            watch.observe(current, row, probability)
        else:
            points = float(points_of(row[None, :])[0])
            probability, found = float(probability_of(np.array(points))), rule_reasons(row, points)
        choice = choose(
            probability=probability, amount=question.amount, costs=costs, calibrated=current is not None
        )
        source: Source = "model" if current else "baseline"
        answer = ScoreAnswer(
            source=source,
            model=current.ref if current else None,
            reasons=[reason.text for reason in found] or [NOTHING],
            probability=probability,
            action=choice.action,
            expected_costs={action: round(cost, 4) for action, cost in choice.expected.items()},
            details=[_out(reason) for reason in found],
            counted=counted,
            trained_on=current.model.data if current else None,
        )
        ACTIONS.labels(source, choice.action).inc()
        decisions.record(
            operation="score", request_id=request.scope["request_id"], question=question, answer=answer
        )
        return answer

    @router.post("/feedback")
    async def feedback(question: FeedbackQuestion, request: Request) -> FeedbackAnswer:
        """Learn what an order turned out to be; later orders of the same people and places are judged by it."""
        try:
            known = await velocity.tell(order=question.order, fraud=question.fraud, at=question.at)
        except RedisError as error:
            raise ServiceUnavailable("Labels cannot be kept now.") from error
        if known:
            LABELS.labels(str(question.fraud).lower()).inc()
        answer = FeedbackAnswer(
            source="baseline", model=None, known=known,
            reasons=["Kept." if known else "This order was never scored, or too long ago."],
        )  # fmt: skip
        decisions.record(
            operation="feedback", request_id=request.scope["request_id"], question=question, answer=answer
        )
        return answer

    return router


async def _past(velocity: Velocity, question: ScoreQuestion) -> tuple[dict[str, Past], bool]:
    names: dict[str, Any] = {
        "user": question.user,
        "card": question.card,
        "address": question.address,
        "ip": question.ip,
    }
    if question.user and question.address:
        names["habit"] = f"{question.user[:32]}.{question.address[:32]}"
    try:
        found = await velocity.see(
            order=question.order, at=question.at, amount=question.amount, entities=names
        )
    except RedisError as error:
        log.warning("orders are not counted", error=type(error).__name__)
        return {}, False
    return found, True


def _out(reason: Reason) -> ReasonOut:
    return ReasonOut(code=reason.code, text=reason.text, weight=reason.weight)

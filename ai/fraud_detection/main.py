"""``python -m fraud_detection.main``."""

from fastapi import APIRouter, FastAPI
from redis.asyncio import Redis

from fraud_detection.costs import Costs
from fraud_detection.model import FraudModel
from fraud_detection.routes import routes_build
from fraud_detection.settings import FraudDetectionSettings
from fraud_detection.velocity import Velocity
from meshop_shared.ai.decisions import DecisionLog
from meshop_shared.ai.models import Models
from meshop_shared.ai.server import serve
from meshop_shared.ai.service import AiService, create_app
from meshop_shared.settings import load_settings

NAME = "fraud_detection"
#: A checkout waits for the answer: a Redis that is slow is one that is away.
_REDIS_S = 0.08


def create(settings: FraudDetectionSettings) -> FastAPI:
    """The app of one replica."""
    redis = Redis.from_url(settings.redis_url, socket_timeout=_REDIS_S, socket_connect_timeout=_REDIS_S)
    costs = Costs(chargeback=settings.cost_chargeback, review=settings.cost_review, delay=settings.cost_delay)

    def routes(models: Models[FraudModel], decisions: DecisionLog) -> APIRouter:
        return routes_build(models, decisions, velocity=Velocity(redis), costs=costs)

    service = AiService(name=NAME, loads=FraudModel.loads, routes=routes, close=redis.aclose)
    return create_app(service, settings)


if __name__ == "__main__":
    serve(name=NAME, create=create, settings=load_settings(FraudDetectionSettings))

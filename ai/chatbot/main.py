"""``python -m chatbot.main``."""

import httpx
from fastapi import APIRouter, FastAPI
from redis.asyncio import Redis

from chatbot.callers import Callers
from chatbot.conversations import Conversations
from chatbot.llm import Llm
from chatbot.model import IntentModel, NearestPhrasing
from chatbot.phrasings import known_words, phrasings_make
from chatbot.routes import Assistant, routes_build
from chatbot.settings import ChatbotSettings
from chatbot.shop import Shop
from meshop_shared.ai.decisions import DecisionLog
from meshop_shared.ai.models import Models
from meshop_shared.ai.server import serve
from meshop_shared.ai.service import AiService, create_app
from meshop_shared.settings import load_settings

NAME = "chatbot"
_CONNECT_S, _REDIS_S = 1.0, 2.0
_JWKS = "/api/auth/.well-known/jwks.json"


def create(settings: ChatbotSettings) -> FastAPI:
    """The app of one replica. The same question is answered below ``/v1`` and at the shop's own ``/api/chat/``."""
    shop = httpx.AsyncClient(
        base_url=settings.gateway_url, timeout=httpx.Timeout(settings.tool_timeout_s, connect=_CONNECT_S)
    )
    outside = httpx.AsyncClient()
    redis = Redis.from_url(settings.redis_url, socket_timeout=_REDIS_S, socket_connect_timeout=_REDIS_S)
    assistant = Assistant(
        callers=Callers(
            client=shop, url=settings.jwks_url or _JWKS, issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
        ),
        conversations=Conversations(
            redis, ttl_s=settings.conversation_ttl_s, confirm_ttl_s=settings.confirm_ttl_s
        ),
        shop=Shop(shop),
        baseline=NearestPhrasing(phrasings_make(seed=1), known_words()),
        llm=_llm(settings, outside),
        timeout_s=settings.answer_timeout_s,
    )  # fmt: skip
    made: list[APIRouter] = []

    def routes(models: Models[IntentModel], decisions: DecisionLog) -> APIRouter:
        made.append(routes_build(models, decisions, assistant))
        return made[0]

    async def close() -> None:
        await shop.aclose()
        await outside.aclose()
        await redis.aclose()

    service = AiService(name=NAME, loads=IntentModel.loads, routes=routes, close=close)
    app = create_app(service, settings)
    app.include_router(made[0], prefix="/api")
    return app


def _llm(settings: ChatbotSettings, client: httpx.AsyncClient) -> Llm | None:
    if not settings.llm_url:
        return None
    return Llm(
        client=client, url=settings.llm_url, model=settings.llm_model,
        key=settings.llm_api_key.get_secret_value(), always=settings.llm_use == "always",
        timeout_s=settings.llm_timeout_s, max_steps=settings.llm_max_steps, max_tokens=settings.llm_max_tokens,
    )  # fmt: skip


if __name__ == "__main__":
    serve(name=NAME, create=create, settings=load_settings(ChatbotSettings))
